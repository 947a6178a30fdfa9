import type { AdmissionRequest } from '../circuit/admission.ts';
import type { Problem } from '../contract/dead-letter.ts';
import { errorName } from '../platform/error-name.ts';
import { vendorsOf } from '../providers/vendor.ts';
import { factsOf } from '../routing/ability.ts';
import { policyOf, routeOf } from '../routing/policy.ts';
import { route, uncarried } from '../routing/route.ts';
import { sharesAt } from '../routing/warm-up.ts';
import { begin, type Carried, carry } from '../submission/carried.ts';
import { type ClaimEnd, LedgerError, type SubmissionClaim, TakenError } from '../submission/ledger.ts';
import { declareRefused, type Progress, pending, withoutNotified } from '../submission/progress.ts';
import type { SubmissionRecord } from '../submission/record.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { settle, timeLeft } from '../submission/settle.ts';
import { readHad } from '../submission/supersedes.ts';
import { ask } from './ask.ts';
import { attemptInOrder, type RoundResult } from './deliver.ts';
import { suppressedEvent } from './event.ts';
import { withLastWords } from './last-words.ts';
import { routeBySize } from './route-by-size.ts';
import { logId, reportAccepted, reportClassWait, reportUnable } from './telemetry.ts';
import { InFlightError, type Work } from './work.ts';

/** Result of a round that did not end: the record must be read, or was read, and the claim decided again. */
type Detour = 'read-first' | TakenError;

/** One round of a submission, under one claim. */
export class SubmissionRound {
  private readonly work: Work;
  private readonly claim: SubmissionClaim;
  private readonly worker: string;
  private readonly carried: Carried;
  private readonly stored: SubmissionRecord | undefined;
  private readonly fresh: ReadonlySet<string>;
  private readonly read: boolean;

  constructor(options: {
    readonly work: Work;
    readonly claim: SubmissionClaim;
    /** Token in the messages of this worker. */
    readonly worker: string;
    readonly carried: Carried;
    readonly stored: SubmissionRecord | undefined;
    /** Providers of attempts that were just found to be interrupted. */
    readonly fresh: ReadonlySet<string>;
    /** Whether the record was read; a first delivery assumes that there is none. */
    readonly read: boolean;
  }) {
    this.work = options.work;
    this.claim = options.claim;
    this.worker = options.worker;
    this.carried = options.carried;
    this.stored = options.stored;
    this.fresh = options.fresh;
    this.read = options.read;
  }

  async run(): Promise<'ended' | Detour> {
    const { context, destinations, remainingMs, arrived } = this.work;
    const { message, submission } = arrived;
    const { environment, definitions, clock, lookUp } = context;
    const now = clock.now();
    const { preference, onUnknown, tracking, expiresInMs } = policyOf(submission, environment.routes ?? [], {
      now,
      ageMs: destinations.since(destinations.attributes.born),
    });
    this.measureClassWait();
    const late =
      destinations.isStale || timeLeft(destinations.since(destinations.attributes.firstSeen), expiresInMs) <= 0;
    if (late && !this.read) return 'read-first';

    const addresses = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => address);
    const vendorOf = vendorsOf(environment.providers);
    const asked = await ask(message, begin(addresses, this.carried, vendorOf), {
      lookUp,
      providers: environment.providers,
      reported: this.stored?.reported ?? {},
      onUnknown,
      fresh: this.fresh,
      lastBegun: (key) => this.stored?.attempts.findLast(({ provider }) => provider === key)?.begun,
      // A time in the future was set by a wrong clock, and counts as a time long ago.
      ageMs: (time) => (time > now ? Number.POSITIVE_INFINITY : destinations.since(time)),
      hasTime: (ms) => remainingMs() > 2 * ms,
    });
    for (const { provider, providerMessageId } of asked.found) this.claim.found(provider, providerMessageId);
    const start = await this.reportSuppressed(asked.progress);
    if (late || pending(start).length === 0) return this.close(start, { expiresInMs });

    // A provider with an unknown outcome comes last, so that another one need not wait for it to time out again.
    const last = [...(await this.had()), ...start.recipients.flatMap((one) => one.unknownAt)];
    const shares = sharesAt(environment.providers, destinations.attributes.firstSeen);
    const { route: chosen, mime } = await routeBySize(message, (bytes) =>
      route(message.id, shares, definitions, factsOf(message, bytes), preference, last),
    );
    const unable = new Map(
      chosen.skipped.filter(({ kind }) => kind === 'unable').map(({ key, reason }) => [key, reason]),
    );
    reportUnable(context, unable.size);
    if (!mime) return this.read ? this.deadLetter(uncarried(chosen), start) : 'read-first';

    // Recipients that all providers have refused end now, even while others wait.
    const offered = declareRefused(
      start,
      chosen.order.map(({ key }) => key),
      chosen.beyond,
    );
    const round = await attemptInOrder(message, () => Promise.resolve(mime), chosen.order, offered, {
      ...context,
      vendorOf,
      unable,
      remainingMs,
      claim: this.claim,
      lane: laneOf(destinations.attributes, expiresInMs),
      onUnknown,
      tracking,
      substituted: chosen.substituted,
      beyond: chosen.beyond,
      ...(expiresInMs !== undefined && { expiresAt: now + expiresInMs }),
      ...(environment.straightLogShare !== undefined && { straightLogShare: environment.straightLogShare }),
    });
    // A first delivery that found a record before it called a provider starts again with that record.
    if (round.stopped instanceof TakenError && !this.claim.begun) return round.stopped;
    const [progress] = await Promise.all([this.reportSuppressed(round.progress), this.listEnded(round.progress)]);
    if (round.stopped) return this.stop(progress, round.stopped);
    return this.close(progress, { ...round, expiresInMs, waitFor: chosen.order[0]?.key });
  }

  /** Keys of the providers that accepted what this submission supersedes; reads nothing if it supersedes nothing. */
  private async had(): Promise<readonly string[]> {
    const { context, arrived } = this.work;
    const { supersedes } = arrived.submission;
    if (supersedes === undefined) return [];
    const had = this.stored?.had ?? (await readHad(context.table, supersedes));
    this.claim.superseded(had);
    return had;
  }

  /** Sends an event for each suppressed recipient; events that could not be sent are left for a later round. */
  private async reportSuppressed(progress: Progress): Promise<Progress> {
    const { context, record, arrived } = this.work;
    const { queue, environment, clock, log } = context;
    const out = new Set<string>();
    // In parallel: the time kept for the end of a round allows one call, whatever the number of recipients.
    await Promise.all(
      progress.untold.map((one) =>
        queue.send(environment.eventsQueueUrl, suppressedEvent(arrived.message, one, clock.now())).then(
          () => out.add(one.address),
          (error: unknown) =>
            log.warn('event not queued', { queueMessageId: record.messageId, error: errorName(error) }),
        ),
      ),
    );
    return withoutNotified(progress, out);
  }

  /**
   * Lists recipients that ended in this round because one provider alone refused the mailbox, in case that provider is
   * doubted later. Not at their event, which may go out in a later round.
   */
  private async listEnded({ untold }: Progress): Promise<void> {
    const { context, arrived } = this.work;
    const at = context.clock.now();
    const lists = Map.groupBy(
      untold.filter(({ alone }) => alone),
      ({ provider }) => provider,
    );
    for (const [provider, those] of lists) {
      const ended = those.map(({ address, reason }) => ({ at, submissionId: arrived.message.id, address, reason }));
      await context.tallies.listEnded(provider, ended).catch((error: unknown) => {
        context.log.warn('not listed as ended', {
          submissionId: logId(arrived.message),
          provider,
          error: errorName(error),
        });
      });
    }
  }

  /**
   * Ends a round early, because the ledger did not answer or another worker has claimed the submission: the next message
   * gets what is known.
   */
  private async stop(progress: Progress, reason: LedgerError | TakenError): Promise<'ended'> {
    const written = reason instanceof TakenError ? await this.write(progress, { state: 'open' }) : undefined;
    this.updateAttributes(progress);
    if (reason instanceof LedgerError) throw reason;
    return this.giveWay(written instanceof TakenError ? written : reason);
  }

  private async close(
    progress: Progress,
    circumstances: Pick<RoundResult, 'retryAfterMs' | 'againAfterMs' | 'orSooner' | 'soon' | 'unfinished'> & {
      readonly expiresInMs: number | undefined;
      readonly waitFor?: string | undefined;
    },
  ): Promise<'ended'> {
    const { context, destinations } = this.work;
    const { expiresInMs, retryAfterMs, againAfterMs, orSooner, soon, unfinished, waitFor } = circumstances;
    const settlement = settle(progress, {
      ageMs: destinations.since(destinations.attributes.firstSeen),
      stale: destinations.isStale,
      random: context.random(),
      ...(expiresInMs !== undefined && { expiresInMs }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(againAfterMs !== undefined && { againAfterMs }),
      ...(orSooner && { orSooner }),
      ...this.doubtAge(progress),
      ...(soon && { soon }),
      ...(unfinished && { unfinished }),
    });
    if (settlement.kind === 'dead-letter') {
      const detail = withLastWords(settlement.detail, this.claim.attempts);
      return this.deadLetter({ ...settlement, detail }, progress);
    }
    const written = await this.write(progress, { state: settlement.kind === 'done' ? 'done' : 'open' });
    this.updateAttributes(progress);
    if (written instanceof TakenError) return this.giveWay(written);
    // An outcome that could not be written is in the attributes of the message, whose next round writes it.
    if (settlement.kind === 'retry') await destinations.retryAfter(settlement.delayMs, waitFor);
    else if (written instanceof LedgerError) throw written;
    else this.measureDelay(progress);
    return 'ended';
  }

  /**
   * Age of the oldest repeated unknown outcome: asking and trying again each minute would not help a provider that fails
   * like this.
   */
  private doubtAge({ doubts }: Progress): { readonly doubtMs?: number } {
    const again = doubts.filter(
      ({ provider, settled, asked }) => !settled && asked === 0 && this.claim.lostAnswers(provider) > 1,
    );
    return again.length === 0 ? {} : { doubtMs: this.work.destinations.since(Math.min(...again.map(({ at }) => at))) };
  }

  private async deadLetter(problem: Problem, progress: Progress): Promise<'ended'> {
    const { destinations } = this.work;
    this.updateAttributes(progress);
    try {
      await destinations.deadLetter(problem, progress.lastProvider ?? this.claim.lastProvider);
    } catch (error) {
      // The message is delivered again; without this write the providers' answers would be unknown then.
      await this.write(progress, { state: 'open' });
      throw error;
    }
    await this.write(progress, { state: 'dead', reason: problem.reason });
    return 'ended';
  }

  /**
   * Updates the attributes of the next message. It is signed only if this worker's record write is known to have
   * succeeded.
   */
  private updateAttributes(progress: Progress): void {
    const { destinations } = this.work;
    const signed = this.claim.written && { signature: this.worker };
    const { redriven, unproven, ...opened } = destinations.attributes;
    const attributes = this.claim.written ? opened : destinations.attributes;
    destinations.attributes = { ...attributes, worker: this.worker, ...signed, carried: carry(progress) };
  }

  private async write(progress: Progress, close: ClaimEnd): Promise<LedgerError | TakenError | undefined> {
    const { context, record, destinations } = this.work;
    // No attempt and no new knowledge: nothing to write. From its second round on a submission is written nevertheless,
    // since copies of its message are told apart by the record, and would multiply while it waits for one provider.
    const isFirst = destinations.attributes.notBefore === undefined;
    if (!this.claim.begun && !this.stored && isFirst && close.state === 'open') return undefined;
    try {
      await this.claim.close(carry(progress), close);
      return undefined;
    } catch (error) {
      if (!(error instanceof LedgerError || error instanceof TakenError)) throw error;
      context.log.warn('outcome not recorded', { queueMessageId: record.messageId, error: error.name });
      return error;
    }
  }

  /** Leaves the rest to the worker that has claimed the submission; if the submission has ended, so does this copy. */
  private giveWay({ current }: TakenError): 'ended' {
    if (current?.state === 'done' || current?.state === 'dead') return 'ended';
    throw new InFlightError('another delivery of this submission has taken over its claim');
  }

  private measureDelay({ recipients }: Progress): void {
    const { context, destinations } = this.work;
    if (!recipients.some(({ end }) => end === 'accepted')) return;
    reportAccepted(context, destinations.since(destinations.attributes.born));
    this.measureClassWait();
  }

  /** Measured only where the class has an expiry. */
  private measureClassWait(): void {
    const { context, destinations, arrived } = this.work;
    const route = routeOf(arrived.submission, context.environment.routes ?? []);
    if (route?.expiresAfterSeconds !== undefined)
      reportClassWait(context, route.class, destinations.since(destinations.attributes.born));
  }
}

/** Mail with less time than this until it expires is urgent, in milliseconds. */
const URGENT_MS = 3_600_000;

/** The kind of mail, for the rates of providers. A canary is never retried: without a slot its alarm would be false. */
function laneOf({ canary, notBefore }: QueueAttributes, expiresInMs: number | undefined): AdmissionRequest['lane'] {
  if (canary || (expiresInMs !== undefined && expiresInMs < URGENT_MS)) return 'urgent';
  return notBefore === undefined ? 'fresh' : 'backlog';
}
