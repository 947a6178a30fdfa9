import type { AdmissionRequest, Gate, Skip } from '../circuit/admission.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { NOT_TRIED, type Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import { LedgerError, type TakenError } from '../submission/ledger.ts';
import { type StoredAttempt, withAttempt } from '../submission/log.ts';
import { declareRefused, type Progress, pending, placesOf } from '../submission/progress.ts';
import { afterAttempt, lettersOf } from '../submission/replay.ts';
import type { VendorOf } from '../submission/votes.ts';
import { type AttemptContext, type Attempted, attempt, deadlineOf } from './attempt.ts';
import type { Content } from './content.ts';
import { storedAnswer } from './last-words.ts';
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

/** Result of offering a message to its providers once. */
export interface RoundResult {
  readonly progress: Progress;
  /** The shortest Retry-After, in milliseconds, if every provider of the round throttled and sent one. */
  readonly retryAfterMs?: number;
  /** No provider was tried, since all were skipped: one may be tried after this many milliseconds of stack time. */
  readonly againAfterMs?: number;
  /** A provider was skipped because this worker could not call it: another worker may, within seconds. */
  readonly soon?: true;
  /** A provider is being offered the recipients in smaller groups, and its time limit ended before the last group. */
  readonly unfinished?: true;
  /** Another provider was skipped as well, for an unknown time. */
  readonly orSooner?: true;
  /** The round ended early: the ledger did not answer, or another worker has claimed the submission. */
  readonly stopped?: LedgerError | TakenError;
}

/** Dependencies of a round. */
export interface DeliverContext extends TelemetryContext, AttemptContext {
  readonly gate: Gate;
  readonly queueKind: AdmissionRequest['queueKind'];
  readonly vendorOf: VendorOf;
  /** Providers that cannot carry the message, and why. */
  readonly unable: Skips;
}

/** Offers a message to the providers in order until no recipient is left. */
export async function attemptInOrder(
  content: Content,
  order: readonly ProviderConfig[],
  start: Progress,
  context: DeliverContext,
): Promise<RoundResult> {
  const round = new ProviderRound(content, start, context);
  for (const provider of order) {
    if (!round.goesOn(provider)) break;
    await round.offer(provider);
  }
  // A probe that was waited for without success may have ended by now.
  for (const provider of round.undecided(order)) if (round.goesOn(provider)) await round.offer(provider);
  // If all providers are skipped, the provider that is most likely to accept is tried nevertheless.
  const last = round.leastBad(order);
  if (last && round.goesOn(last)) await round.offer(last, true);
  return round.result(order);
}

class ProviderRound {
  private progress: Progress;
  /** Provider of the attempt before, in this round. */
  private before: string | undefined;
  private stopped: LedgerError | TakenError | undefined;
  /** Whether a provider failed, refused the message or was skipped as failing. */
  private failed: boolean;
  /** Whether a provider was called. */
  private tried = false;
  /** Whether a provider has recipients left to be offered in smaller groups, and no other failure. */
  private unfinished = false;
  private readonly waits: (number | undefined)[] = [];
  private readonly skips = new Map<string, Skip>();
  /** Skips that no line of the log names yet. */
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

  /** No attempt begins after the submission has expired, or without time to finish before the function is stopped. */
  goesOn(provider: ProviderConfig): boolean {
    const wanted = pending(this.progress).length > 0 && !this.stopped;
    const { clock, remainingMs, expiresAt = Number.POSITIVE_INFINITY } = this.context;
    return wanted && clock.now() < expiresAt && remainingMs() >= deadlineOf(provider) + SETTLE_MS;
  }

  async offer(provider: ProviderConfig, forced = false): Promise<void> {
    // The provider cannot carry the remaining addresses, or has refused their mailboxes, and another provider must
    // confirm that.
    const { gate, queueKind, beyond } = this.context;
    if (pending(this.progress, provider.key, beyond).length === 0) return;
    const entry = await gate.enter(provider, { id: this.content.message.id, queueKind, ...(forced && { forced }) });
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
        // If the write succeeded after all, the next round knows that nothing was sent.
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
      ...('blames' in outcome && { blames: outcome.blames }),
      ...('reason' in outcome && { reason: outcome.reason }),
      ...storedAnswer(outcomes),
      ...defined({
        maybeTaken: 'maybeTaken' in outcome || undefined,
        providerMessageId: 'providerMessageId' in outcome ? outcome.providerMessageId : undefined,
        apart: apart?.map((group) => placesOf(this.progress, ({ address }) => group.includes(address))),
      }),
    };
    const next = afterAttempt(this.progress, ended, said, { onUnknown, vendorOf });
    this.progress = next.progress;
    const isHeard = (one: Outcome) => IS_ANSWER[one.kind] || isNotTried(one);
    if (apart && apart.length > 0 && outcomes.every(isHeard)) this.unfinished = true;
    if (outcome.kind === 'accepted') reportDropped(context, message, { provider: key, entries: dropped });
    if (outcomes.some(({ kind }) => kind === 'accepted')) {
      if (this.failed) reportFailover(context);
    } else if (outcome.kind !== 'throttled') this.failed = true;
    for (const refusedBy of next.contradicted) {
      // Providers of an earlier round count too.
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

  /** Providers that were skipped because another message was probing them. */
  undecided(order: readonly ProviderConfig[]): readonly ProviderConfig[] {
    return order.filter(({ key }) => this.skips.get(key)?.reason === 'probing');
  }

  /**
   * The provider to force; isolations and rates always hold. A message that was tried already waits rather than use a
   * provider that is known to fail.
   */
  leastBad(order: readonly ProviderConfig[]): ProviderConfig | undefined {
    const forcible = this.tried ? UNDECIDED : FORCIBLE;
    const badness = ({ key }: ProviderConfig): number => {
      const skip = this.skips.get(key);
      return skip && forcible.has(skip.reason) ? skip.badness : Number.POSITIVE_INFINITY;
    };
    const { beyond } = this.context;
    const [best] = order
      .filter(({ key }) => pending(this.progress, key, beyond).length > 0)
      .toSorted((a, b) => badness(a) - badness(b));
    return best && Number.isFinite(badness(best)) ? best : undefined;
  }

  result(order: readonly ProviderConfig[]): RoundResult {
    const progress = declareRefused(
      this.progress,
      order.map(({ key }) => key),
      this.context.beyond,
    );
    // A provider that throttles delays only itself; all of them together delay the message.
    const named = this.waits.filter((wait) => wait !== undefined);
    // A failing provider may soon be probed, but probably not by this message: while all are failing, its waits grow.
    const skips = [...this.skips.values()].filter(({ reason }) => reason !== 'isolated');
    const timed = skips.filter(({ reason, againAfterMs }) => !BROKEN.has(reason) && againAfterMs !== undefined);
    const again = timed.flatMap(({ againAfterMs = 0 }) => againAfterMs);
    const untried = !this.tried;
    if (untried) reportUntried(this.context, this.content.message, this.takeUnlogged());
    return {
      progress,
      ...(named.length > 0 && named.length === this.waits.length && { retryAfterMs: Math.min(...named) }),
      ...(untried &&
        again.length > 0 && {
          againAfterMs: Math.min(...again),
          ...(timed.length < skips.length && { orSooner: true }),
        }),
      ...defined({
        soon: skips.some(({ reason }) => reason === 'unready') || undefined,
        unfinished: this.unfinished || undefined,
        stopped: this.stopped,
      }),
    };
  }
}

function isNotTried(one: Outcome): boolean {
  return 'reason' in one && one.reason === NOT_TRIED.reason;
}

const BROKEN: ReadonlySet<string> = new Set(['open', 'quiet']);
const UNDECIDED: ReadonlySet<string> = new Set(['probing', 'warming']);
const FORCIBLE: ReadonlySet<string> = new Set([...BROKEN, ...UNDECIDED]);

/** Whether an outcome answers for its recipient, so that the rest of a call that was split up may follow at once. */
const IS_ANSWER: Readonly<Record<Outcome['kind'], boolean>> = {
  accepted: true,
  refused: true,
  unrecognised: true,
  throttled: false,
  unavailable: false,
  unknown: false,
};
