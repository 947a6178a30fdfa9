import type { AdmissionRequest, Gate, Skip } from '../circuit/admission.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { NOT_TRIED, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import { LedgerError, type TakenError } from '../submission/ledger.ts';
import { type StoredAttempt, withAttempt } from '../submission/log.ts';
import { declareRefused, type Progress, pending, placesOf } from '../submission/progress.ts';
import { afterAttempt, lettersOf } from '../submission/replay.ts';
import type { VendorOf } from '../submission/votes.ts';
import { storedAnswer } from './answer-texts.ts';
import { type AttemptContext, type Attempted, attempt, deadlineOf } from './attempt.ts';
import type { Content } from './content.ts';
import {
  reportAttempt,
  reportContradiction,
  reportDropped,
  reportFailover,
  reportPossibleDuplicate,
  reportSkip,
  reportUntried,
  type Skips,
  type TelemetryContext,
} from './telemetry.ts';
import { SETTLE_MS } from './work.ts';

/** Result of one round: one run through the providers of the message's route, which are tried one after the other. */
export interface RoundResult {
  readonly progress: Progress;
  /**
   * The shortest Retry-After of the round, in milliseconds. Set only if every outcome of the round's attempts has a Retry-After.
   */
  readonly retryAfterMs?: number;
  /**
   * Milliseconds until a skipped provider may be tried, in stack time (which on a local stack may run faster than the clock). Set
   * only if no provider was called in this round, and the time is known for a provider: the provider has throttled, or its rate
   * limit is reached.
   */
  readonly againAfterMs?: number;
  /**
   * A provider was skipped because this worker could not call the provider. A few seconds later, this or another worker may be
   * able to call it.
   */
  readonly soon?: true;
  /**
   * A provider needs a separate call for each of several groups of recipients, and its attempt ended before the last of these
   * calls.
   */
  readonly unfinished?: true;
  /** Another provider was also skipped. It may be usable before `againAfterMs` has passed, but the time is not known. */
  readonly orSooner?: true;
  /** Why the round ended early: the state table did not answer, or another worker has claimed the submission. */
  readonly stopped?: LedgerError | TakenError;
}

/** Dependencies of a round. */
export interface DeliverContext extends TelemetryContext, AttemptContext {
  readonly gate: Gate;
  readonly queueKind: AdmissionRequest['queueKind'];
  readonly vendorOf: VendorOf;
  /** Keys of the providers that cannot send the message, each with the reason. */
  readonly unable: Skips;
}

/**
 * Tries the providers in the given order, until the message needs no further attempt for any recipient. A provider is skipped if
 * the gate (its circuit breaker or its rate limit) does not admit the message.
 */
export async function attemptInOrder(
  content: Content,
  order: readonly ProviderConfig[],
  start: Progress,
  context: DeliverContext,
): Promise<RoundResult> {
  const round = new ProviderRound(content, start, context);
  for (const provider of order) {
    if (!round.mayTry(provider)) break;
    await round.offer(provider);
  }
  // A provider that was skipped because another message was its probe (test of the provider) is tried a second time, since the
  // probe may have ended in the meantime.
  for (const provider of round.skippedForProbe(order)) if (round.mayTry(provider)) await round.offer(provider);
  // If recipients are left, one of the skipped providers is forced: it is tried although the gate had not admitted the message.
  const last = round.forcedProvider(order);
  if (last && round.mayTry(last)) await round.offer(last, true);
  return round.result(order);
}

class ProviderRound {
  private progress: Progress;
  /** Provider of the previous attempt in this round. */
  private before: string | undefined;
  private stopped: LedgerError | TakenError | undefined;
  /** Whether a provider failed, refused the message, or was skipped because it was failing, in this round or an earlier round. */
  private failed: boolean;
  /** Whether a provider was called in this round. */
  private tried = false;
  /** Whether a provider still needs separate calls for groups of recipients, and nothing else failed in its attempt. */
  private unfinished = false;
  private readonly waits: (number | undefined)[] = [];
  private readonly skips = new Map<string, Skip>();
  /** Skipped providers that were not logged yet, each with the reason for which it was skipped. */
  private readonly unlogged: Map<string, string>;
  private readonly content: Content;
  private readonly context: DeliverContext;

  constructor(content: Content, start: Progress, context: DeliverContext) {
    this.content = content;
    this.progress = start;
    this.unlogged = new Map(context.unable);
    this.failed = start.recipients.some(
      (one) => [...one.unknownAt, ...one.failedAt, ...one.refusedBy, ...one.unrecognisedBy, ...one.deniedBy].length > 0,
    );
    this.context = context;
  }

  /**
   * Whether an attempt may begin: recipients are left, the round was not stopped, the submission has not expired, and the attempt
   * can end before the time that is reserved for the end of the round.
   */
  mayTry(provider: ProviderConfig): boolean {
    const wanted = pending(this.progress).length > 0 && !this.stopped;
    const { clock, remainingMs, expiresAt = Number.POSITIVE_INFINITY } = this.context;
    return wanted && clock.now() < expiresAt && remainingMs() >= deadlineOf(provider) + SETTLE_MS;
  }

  async offer(provider: ProviderConfig, forced = false): Promise<void> {
    // The provider is not tried if it is usable for none of the remaining recipients. It is not usable for a recipient if it does
    // not support the address, or if it has refused the mailbox and another provider must confirm this refusal.
    const { gate, queueKind, unsupported } = this.context;
    if (pending(this.progress, provider.key, unsupported).length === 0) return;
    const { id } = this.content.message;
    const entry = await gate.enter(provider, { id, queueKind, ...defined({ forced: forced || undefined }) });
    if (entry.kind === 'skip') {
      if (!forced && !this.skips.has(provider.key)) {
        reportSkip(this.context, provider.key, entry.reason);
        this.unlogged.set(provider.key, entry.reason);
      }
      if (BROKEN.has(entry.reason)) this.failed = true;
      this.skips.set(provider.key, entry);
      return;
    }
    this.skips.delete(provider.key);
    this.unlogged.delete(provider.key);
    let outcomes: readonly Outcome[] = [];
    try {
      outcomes = await this.attempt(provider, entry.onTime);
    } finally {
      await entry.leave(outcomes);
    }
  }

  private async attempt(provider: ProviderConfig, onTime: AttemptContext['onTime']): Promise<readonly Outcome[]> {
    const attempted = await attempt(provider, this.content, this.progress, { ...this.context, onTime });
    switch (attempted.kind) {
      case 'answered':
        return this.recordAnswer(provider, attempted);
      case 'stopped':
        this.stopped = attempted.reason;
        // The write to the table may have succeeded although its answer was lost. Therefore the log of attempts in the next queue message states
        // that nothing was sent.
        if (attempted.reason instanceof LedgerError) this.recordUntried(attempted.begun);
        return [];
      case 'not-called':
        if (attempted.skip) {
          this.skips.set(provider.key, attempted.skip);
          this.unlogged.set(provider.key, attempted.skip.reason);
        }
        this.recordUntried(attempted.begun);
        return [];
    }
  }

  private recordUntried(begun: StoredAttempt): void {
    const ended = this.context.clock.now();
    const untried = { ...begun, each: 'n', ended, outcome: 'unavailable', reason: 'not-tried' } as const;
    this.progress = { ...this.progress, log: withAttempt(this.progress.log, untried) };
  }

  private recordAnswer(
    provider: ProviderConfig,
    { begun, offered, durationMs, denied, result }: Extract<Attempted, { kind: 'answered' }>,
  ): readonly Outcome[] {
    const { context } = this;
    const { message } = this.content;
    const { key } = provider;
    const { clock, onUnknown, vendorOf } = context;
    const { number } = begun;
    this.tried = true;
    const outcomes = [result.outcome, ...(result.recipients?.values() ?? [])];
    const { before } = this;
    this.before = key;
    const substituted = context.substituted.has(key);
    const skipped = this.takeUnlogged();
    reportAttempt(context, { message, provider: key, number, before, outcomes, durationMs, substituted, skipped });
    const { outcome, dropped = 0, apart } = result;
    const said = (address: string) => result.recipients?.get(address) ?? outcome;
    const ended: StoredAttempt = {
      ...begun,
      each: lettersOf(this.progress, key, offered, said, { vendorOf, denied }),
      ended: clock.now(),
      outcome: outcome.kind,
      ...defined({
        blames: 'blames' in outcome ? outcome.blames : undefined,
        reason: 'reason' in outcome ? outcome.reason : undefined,
      }),
      ...storedAnswer(outcomes),
      ...defined({
        maybeTaken: 'maybeTaken' in outcome || undefined,
        providerMessageId: 'providerMessageId' in outcome ? outcome.providerMessageId : undefined,
        apart: apart?.map((group) => placesOf(this.progress, ({ address }) => group.includes(address))),
      }),
    };
    const next = afterAttempt(this.progress, ended, said, { onUnknown, vendorOf });
    this.progress = next.progress;
    const isAnswer = (one: Outcome) => IS_ANSWER[one.kind] || ('reason' in one && one.reason === NOT_TRIED.reason);
    if (apart && apart.length > 0 && outcomes.every(isAnswer)) this.unfinished = true;
    if (outcome.kind === 'accepted') reportDropped(context, message, { provider: key, entries: dropped });
    if (outcomes.some(({ kind }) => kind === 'accepted')) {
      if (this.failed) reportFailover(context);
    } else if (outcome.kind !== 'throttled') this.failed = true;
    for (const refusedBy of next.contradicted) {
      // The other provider may have refused the message in an earlier round. Therefore the whole log of attempts is searched for
      // the text of the refusal.
      const { status, words } =
        this.progress.log.attempts.findLast((one) => one.provider === refusedBy && one.words) ?? {};
      reportContradiction(context, message, { refusedBy, acceptedBy: key, status, words });
    }
    for (const doubled of next.doubled) reportPossibleDuplicate(context, message, { ...doubled, acceptedBy: key });
    this.waits.push(...outcomes.map((one) => (one.kind === 'accepted' ? undefined : one.retryAfterMs)));
    return outcomes;
  }

  private takeUnlogged(): Skips {
    const skips = new Map(this.unlogged);
    this.unlogged.clear();
    return skips;
  }

  /** Returns the providers that were skipped because another message was their probe. */
  skippedForProbe(order: readonly ProviderConfig[]): readonly ProviderConfig[] {
    return order.filter(({ key }) => this.skips.get(key)?.reason === 'probing');
  }

  /**
   * Returns the skipped provider that is forced (tried nevertheless); undefined if none may be forced. A provider is never forced
   * if an operator isolated it, if it has throttled, if its rate limit is reached, or if this worker cannot call it. If a
   * provider was already called in this round, a provider that is known to fail is not forced either, and the message waits for
   * the next round.
   */
  forcedProvider(order: readonly ProviderConfig[]): ProviderConfig | undefined {
    const forcible = this.tried ? UNDECIDED : FORCIBLE;
    const rank = ({ key }: ProviderConfig): number => {
      const skip = this.skips.get(key);
      return skip && forcible.has(skip.reason) ? skip.rank : Number.POSITIVE_INFINITY;
    };
    const { unsupported } = this.context;
    const [best] = order
      .filter(({ key }) => pending(this.progress, key, unsupported).length > 0)
      .toSorted((a, b) => rank(a) - rank(b));
    return best && Number.isFinite(rank(best)) ? best : undefined;
  }

  result(order: readonly ProviderConfig[]): RoundResult {
    const progress = declareRefused(
      this.progress,
      order.map(({ key }) => key),
      this.context.unsupported,
    );
    // A Retry-After delays the message only if every outcome of the round has a Retry-After.
    const named = this.waits.filter((wait) => wait !== undefined);
    // The end of the open state of a circuit breaker does not decide how long the message waits, since another message is
    // probably the probe at that time. While all providers fail, the waits grow with the age of the message.
    const skips = [...this.skips.values()].filter(({ reason }) => reason !== 'isolated');
    const timed = skips.filter(({ reason, againAfterMs }) => !BROKEN.has(reason) && againAfterMs !== undefined);
    const again = timed.flatMap(({ againAfterMs = 0 }) => againAfterMs);
    const untried = !this.tried;
    const waitsForSkipped = untried && again.length > 0;
    if (untried) reportUntried(this.context, this.content.message, this.takeUnlogged());
    return {
      progress,
      ...defined({
        retryAfterMs: named.length > 0 && named.length === this.waits.length ? Math.min(...named) : undefined,
        againAfterMs: waitsForSkipped ? Math.min(...again) : undefined,
        orSooner: (waitsForSkipped && timed.length < skips.length) || undefined,
        soon: skips.some(({ reason }) => reason === 'unready') || undefined,
        unfinished: this.unfinished || undefined,
        stopped: this.stopped,
      }),
    };
  }
}

const BROKEN: ReadonlySet<string> = new Set(['open', 'quiet']);
const UNDECIDED: ReadonlySet<string> = new Set(['probing', 'warming']);
const FORCIBLE: ReadonlySet<string> = new Set([...BROKEN, ...UNDECIDED]);

/**
 * Whether an outcome of this kind is the provider's final answer for a recipient. The wait before the calls for the remaining
 * groups of recipients is short only if all outcomes of the attempt are final answers.
 */
const IS_ANSWER: Readonly<Record<Outcome['kind'], boolean>> = {
  accepted: true,
  refused: true,
  unrecognised: true,
  throttled: false,
  unavailable: false,
  unknown: false,
};
