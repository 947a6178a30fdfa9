import { accountOf } from '../contract/account.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Message, Tracking } from '../mail/message.ts';
import { readdressed } from '../mail/mime.ts';
import type { AttemptResult, Outcome } from '../mail/outcome.ts';
import { fromSubstitute } from '../mail/substitute.ts';
import type { Clock } from '../platform/clock.ts';
import type { Attempt } from '../providers/provider.ts';
import type { Tallies } from '../tally/tallies.ts';
import type { CallProvider } from './call.ts';
import { carry } from './carried.ts';
import { type Entry, type Gate, type Passenger, UNREADY } from './gate.ts';
import { answerOf, cleaned } from './last-words.ts';
import { LedgerError, type Page, TakenError } from './ledger.ts';
import {
  afterAttempt,
  type Consequences,
  declareRefused,
  type OnUnknown,
  type Progress,
  pending,
  type VendorOf,
} from './progress.ts';
import {
  type TelemetryContext,
  tellAttempt,
  tellContradiction,
  tellDropped,
  tellFailover,
  tellPossibleDuplicate,
  tellSkip,
} from './telemetry.ts';

/** What a round came to. */
export interface Round {
  readonly progress: Progress;
  /** The shortest Retry-After, in milliseconds, if every provider of the round throttled and named one. */
  readonly retryAfterMs?: number;
  /** Nobody was tried, since every provider was held back: after so many milliseconds of stack time one may be tried. */
  readonly againAfterMs?: number;
  /** A provider was passed over since this worker could not call it: another worker may, within seconds. */
  readonly soon?: true;
  /** Somebody else was held back as well, for a time that nobody knows. */
  readonly orSooner?: true;
  /** The round ended before its time: the ledger did not answer, or another delivery has the submission in hand. */
  readonly stopped?: LedgerError | TakenError;
}

/** What a round needs. */
export interface DeliverContext extends TelemetryContext {
  readonly call: CallProvider;
  readonly gate: Gate;
  readonly page: Page;
  readonly lane: Passenger['lane'];
  readonly onUnknown: OnUnknown;
  readonly tallies: Tallies;
  readonly vendorOf: VendorOf;
  readonly tracking: Tracking;
  /** Keys of providers that send from their substitute address. */
  readonly substituted: ReadonlySet<string>;
  readonly clock: Clock;
  /** When the submission expires, in epoch milliseconds; absent if it does not. */
  readonly expiresAt?: number;
  /** Milliseconds until the function is stopped. */
  readonly remainingMs: () => number;
}

/** Kept free for settling: the ledger, an event and the next home, each with one retry of the call. */
export const SETTLE_MS = 12_000;

/** Offers a message to the providers in turn until nobody is left who wants it. */
export async function deliver(
  message: Message,
  mime: () => Promise<Buffer>,
  order: readonly ProviderConfig[],
  start: Progress,
  context: DeliverContext,
): Promise<Round> {
  const round = new Delivery(message, mime, start, context);
  for (const provider of order) {
    if (!round.goesOn(provider)) break;
    await round.offer(provider);
  }
  // Who was waited for in vain may have answered others by now.
  for (const provider of round.undecided(order)) if (round.goesOn(provider)) await round.offer(provider);
  // All are held back: the least bad one is tried all the same, rather than none.
  const last = round.leastBad(order);
  if (last && round.goesOn(last)) await round.offer(last, true);
  return round.result(order);
}

class Delivery {
  private progress: Progress;
  private stopped: LedgerError | TakenError | undefined;
  /** A provider failed with it or refused it, or was passed over as broken. */
  private failed: boolean;
  /** Whether a provider was called. */
  private tried = false;
  /** What each provider said in this round instead of taking the mail. */
  private readonly words = new Map<string, string>();
  private readonly waits: (number | undefined)[] = [];
  private readonly skips = new Map<string, Extract<Entry, { kind: 'skip' }>>();
  private readonly message: Message;
  private readonly mime: () => Promise<Buffer>;
  private readonly context: DeliverContext;

  constructor(message: Message, mime: () => Promise<Buffer>, start: Progress, context: DeliverContext) {
    this.message = message;
    this.mime = mime;
    this.progress = start;
    this.failed = start.recipients.some((one) => [...one.unknownAt, ...one.failedAt, ...one.refusedBy].length > 0);
    this.context = context;
  }

  /** No attempt begins after the submission has expired, nor one that could not end before the function is stopped. */
  goesOn(provider: ProviderConfig): boolean {
    const wanted = pending(this.progress).length > 0 && !this.stopped;
    const { clock, remainingMs, expiresAt = Number.POSITIVE_INFINITY } = this.context;
    return wanted && clock.now() < expiresAt && remainingMs() >= deadlineOf(provider) + SETTLE_MS;
  }

  async offer(provider: ProviderConfig, forced = false): Promise<void> {
    // It has called all mailboxes bad that are left, and another one is to say whether that is so.
    if (pending(this.progress, provider.key).length === 0) return;
    const { gate, lane } = this.context;
    const entry = await gate.enter(provider, { id: this.message.id, lane, ...(forced && { forced }) });
    if (entry.kind === 'skip') {
      if (!forced && !this.skips.has(provider.key)) tellSkip(this.context, provider.key, entry.reason);
      if (BROKEN.has(entry.reason)) this.failed = true;
      this.skips.set(provider.key, entry);
      return;
    }
    this.skips.delete(provider.key);
    let outcomes: readonly Outcome[] = [];
    try {
      outcomes = await this.attempt(provider);
    } finally {
      await entry.leave(outcomes);
    }
  }

  private async attempt(provider: ProviderConfig): Promise<readonly Outcome[]> {
    const { page, call, clock, remainingMs, tracking } = this.context;
    const offered = pending(this.progress, provider.key);
    const number = this.progress.attempts + 1;
    const begun = clock.now();
    const places = this.placesOf(offered);
    const account = accountOf(provider);
    const attempt = { number, provider: provider.key, account, begun, ...(places && { recipients: places }) };
    try {
      await page.begin(attempt, carry(this.progress));
    } catch (error) {
      if (!(error instanceof LedgerError || error instanceof TakenError)) throw error;
      this.stopped = error;
      // The number is used up: should it stand in the ledger after all, it is known that nothing was sent.
      if (error instanceof LedgerError) this.progress = { ...this.progress, attempts: number };
      return [];
    }
    const deadlineMs = deadlineOf(provider);
    // The write may have taken its time, or the process may have slept: a call that could outlive the function is not made.
    if (remainingMs() < deadlineMs) return this.notTried(number);
    const called = clock.now();
    const result = await call(provider, {
      ...this.contentFor(provider),
      recipients: offered,
      tracking,
      number,
      deadlineMs,
      connectMs: provider.connectMs ?? PROVIDER_DEFAULTS.connectMs,
    });
    const durationMs = clock.now() - called;
    if ('notCalled' in result) {
      this.skips.set(provider.key, UNREADY);
      return this.notTried(number);
    }
    const clean = cleaned(result, this.message);
    const said = new Map(offered.map((address) => [address, clean.recipients?.get(address) ?? clean.outcome]));
    const denied = await this.context.tallies.heard(provider.key, said);
    return this.takeIn(provider, offered, { number, begun, durationMs, denied }, clean);
  }

  private notTried(number: number): readonly Outcome[] {
    const { page, clock } = this.context;
    page.end(number, { ended: clock.now(), outcome: 'unavailable', reason: 'not-tried' });
    this.progress = { ...this.progress, attempts: number };
    return [];
  }

  /** The mail as this provider sends it. */
  private contentFor({ key, substituteFrom }: ProviderConfig): Pick<Attempt, 'message' | 'mime'> {
    const { message, mime } = this;
    if (substituteFrom === undefined || !this.context.substituted.has(key)) return { message, mime };
    const substituted = fromSubstitute(message, substituteFrom);
    return { message: substituted, mime: async () => readdressed(await mime(), message, substituted) };
  }

  private takeIn(
    provider: ProviderConfig,
    offered: readonly string[],
    {
      number,
      begun,
      durationMs,
      denied,
    }: { number: number; begun: number; durationMs: number; denied: ReadonlySet<string> },
    result: AttemptResult,
  ): readonly Outcome[] {
    const { message, context } = this;
    const { key } = provider;
    const { page, clock, onUnknown, vendorOf } = context;
    this.tried = true;
    const outcomes = [result.outcome, ...(result.recipients?.values() ?? [])];
    const before = this.progress.lastProvider;
    const substituted = context.substituted.has(key);
    tellAttempt(context, { message, provider: key, number, before, outcomes, durationMs, substituted });
    const next: Consequences = afterAttempt(
      this.progress,
      key,
      offered,
      onUnknown === 'hold' ? doubted(result) : result,
      { onUnknown, begun, vendorOf, account: accountOf(provider), denied },
    );
    this.progress = next.progress;
    const { outcome, dropped = 0 } = result;
    if (outcome.kind === 'accepted') tellDropped(context, message, { provider: key, entries: dropped });
    page.end(number, {
      ended: clock.now(),
      outcome: outcome.kind,
      ...('blames' in outcome && { blames: outcome.blames }),
      ...('reason' in outcome && { reason: outcome.reason }),
      ...answerOf(outcome),
      ...('maybeTaken' in outcome && { maybeTaken: true }),
      ...('providerMessageId' in outcome && { providerMessageId: outcome.providerMessageId }),
    });
    if (outcomes.some(({ kind }) => kind === 'accepted')) {
      if (this.failed) tellFailover(context);
    } else if (outcome.kind !== 'throttled') this.failed = true;
    if (outcome.kind !== 'accepted' && outcome.detail) this.words.set(key, outcome.detail);
    for (const refusedBy of next.contradicted)
      tellContradiction(context, message, { refusedBy, acceptedBy: key, words: this.words.get(refusedBy) });
    for (const doubled of next.doubled) tellPossibleDuplicate(context, message, { ...doubled, acceptedBy: key });
    this.waits.push(...outcomes.map((one) => (one.kind === 'accepted' ? undefined : one.retryAfterMs)));
    return outcomes;
  }

  /** Those of whom nobody knew whether they are broken. */
  undecided(order: readonly ProviderConfig[]): readonly ProviderConfig[] {
    return order.filter(({ key }) => this.skips.get(key)?.reason === 'probing');
  }

  /**
   * The provider to force; an operator's isolation and a rate are kept in any case. Mail that was tried already waits rather
   * than try one that is known to be broken.
   */
  leastBad(order: readonly ProviderConfig[]): ProviderConfig | undefined {
    const forcible = this.tried ? UNDECIDED : FORCIBLE;
    const badness = ({ key }: ProviderConfig): number => {
      const skip = this.skips.get(key);
      return skip && forcible.has(skip.reason) ? skip.badness : Number.POSITIVE_INFINITY;
    };
    const [best] = order.toSorted((a, b) => badness(a) - badness(b));
    return best && Number.isFinite(badness(best)) ? best : undefined;
  }

  result(order: readonly ProviderConfig[]): Round {
    const progress = declareRefused(
      this.progress,
      order.map(({ key }) => key),
    );
    // One provider that asks for time delays only itself; all of them together delay the mail.
    const named = this.waits.filter((wait) => wait !== undefined);
    // A broken provider may be tried soon, but hardly by this mail: as long as all are broken, waiting mail waits ever longer.
    const skips = [...this.skips.values()].filter(({ reason }) => reason !== 'isolated');
    const timed = skips.filter(({ reason, againAfterMs }) => !BROKEN.has(reason) && againAfterMs !== undefined);
    const again = timed.flatMap(({ againAfterMs = 0 }) => againAfterMs);
    const untried = !this.tried;
    return {
      progress,
      ...(named.length > 0 && named.length === this.waits.length && { retryAfterMs: Math.min(...named) }),
      ...(untried &&
        again.length > 0 && {
          againAfterMs: Math.min(...again),
          ...(timed.length < skips.length && { orSooner: true }),
        }),
      ...(skips.some(({ reason }) => reason === 'unready') && { soon: true }),
      ...(this.stopped && { stopped: this.stopped }),
    };
  }

  /** Undefined for all of them. */
  private placesOf(addresses: readonly string[]): readonly number[] | undefined {
    if (addresses.length === this.progress.recipients.length) return undefined;
    return this.progress.recipients.flatMap(({ address }, place) => (addresses.includes(address) ? [place] : []));
  }
}

/** What must not come twice waits also where a server error may hide that it was taken. */
function doubted({ outcome, recipients }: AttemptResult): AttemptResult {
  const doubt = (one: Outcome): Outcome =>
    one.kind === 'unavailable' && one.maybeTaken ? { ...one, kind: 'unknown' } : one;
  return {
    outcome: doubt(outcome),
    ...(recipients && { recipients: new Map(Array.from(recipients, ([address, one]) => [address, doubt(one)])) }),
  };
}

const BROKEN: ReadonlySet<string> = new Set(['open', 'quiet']);
const UNDECIDED: ReadonlySet<string> = new Set(['probing', 'warming']);
const FORCIBLE: ReadonlySet<string> = new Set([...BROKEN, ...UNDECIDED]);

function deadlineOf({ deadlineMs = PROVIDER_DEFAULTS.deadlineMs }: ProviderConfig): number {
  return deadlineMs;
}
