import type { SkipReason } from '../circuit/admission.ts';
import { providerHealth } from '../circuit/provider-health.ts';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import { type AttemptOutcome, DEAD_LETTER_OUTCOME, type OwnService, type SkipOutcome } from '../contract/metrics.ts';
import type { Message } from '../mail/message.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { PossibleDuplicate } from '../submission/progress.ts';
import { refusedShape } from './shape.ts';

/** Where the sender tells what happens to mail. */
export interface TelemetryContext {
  readonly log: Log;
  readonly metrics: Metrics;
  /**
   * Share of the submissions accepted at their first attempt whose line is written, from 0 to 1. Everything else always is.
   * @default 1
   */
  readonly straightLogShare?: number;
}

type Identity = Pick<Message, 'id' | 'handle'>;

/** One attempt that has ended. */
export interface EndedAttempt {
  readonly message: Identity;
  readonly provider: string;
  /** Counts the attempts of the submission, from 1. */
  readonly number: number;
  /** Provider of the attempt before, in this round or an earlier one. */
  readonly before?: string | undefined;
  /** The outcome, and those of recipients that differ from it. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
  /** It went out from the provider's substitute address. */
  readonly substituted?: boolean;
}

/** Tells an attempt, before it is decided whether another provider is tried: so a broken way out shows though all mail arrives. */
export function tellAttempt(context: TelemetryContext, attempt: EndedAttempt): void {
  const { metrics } = context;
  const { provider, before, outcomes, durationMs } = attempt;
  const outcome = countedAs(outcomes);
  metrics.add('Attempts', 1, { provider, outcome });
  if (outcomes.some(({ kind }) => kind === 'unrecognised')) metrics.add('UnrecognisedAnswers', 1, { provider });
  if (outcome === 'accepted') metrics.add('AttemptLatency', durationMs, { provider, outcome });
  if (FAULTS.has(outcome)) metrics.add('Faults', 1, { provider });
  if (before !== undefined && before !== provider && outcome === 'accepted') metrics.add('TookOver', 1, { provider });
  if (isWritten(context, attempt)) for (const one of outcomes) writeAttempt(context.log, attempt, one);
}

/** Counts an attempt as the circuit does; whoever took a part of the mail has accepted. */
export function countedAs(outcomes: readonly Outcome[]): AttemptOutcome {
  switch (providerHealth(outcomes).kind) {
    case 'accepted':
      return 'accepted';
    case 'throttled':
      return 'throttled';
    case 'account-refused':
      return 'account';
    case 'failed':
      return outcomes.some(({ kind }) => kind === 'unavailable') ? 'outage' : 'unknown';
    case 'sender-refused':
      return 'sender';
    // It works, and did not want this message or this recipient now; or nothing is learned of it.
    case 'answered':
    case 'unasked': {
      const blamed = outcomes.map(blamedBy);
      return (['message', 'recipient'] as const).find((one) => blamed.includes(one)) ?? 'deferred';
    }
  }
}

/** Words that are not known are taken for an opinion about the message: an alarm of their own counts them too. */
function blamedBy(outcome: Outcome): 'message' | 'recipient' | 'deferred' {
  if (outcome.kind === 'unrecognised') return 'message';
  return outcome.kind === 'refused' ? outcome.blames : 'deferred';
}

const FAULTS: ReadonlySet<AttemptOutcome> = new Set(['outage', 'account', 'sender', 'unknown']);

/** Tells that a provider was not offered a mail. An operator, a Retry-After and a slow start are not counted: each is seen elsewhere. */
export function tellSkip({ metrics }: TelemetryContext, provider: string, reason: SkipReason): void {
  const outcome = SKIPS[reason];
  if (outcome === undefined) return;
  metrics.add('Skipped', 1, { provider, outcome });
  if (outcome === 'circuit-open') metrics.add('Faults', 1, { provider });
}

const SKIPS: Readonly<Partial<Record<SkipReason, SkipOutcome>>> = {
  open: 'circuit-open',
  quiet: 'waiting',
  probing: 'waiting',
  rate: 'no-slot',
};

/** Tells that a mail was accepted by one provider because another one did not work or did not want it. */
export function tellFailover({ metrics }: TelemetryContext): void {
  metrics.add('FailedOver', 1);
}

/** Tells how many providers cannot carry a message by their published limits. */
export function tellUnable({ metrics }: TelemetryContext, providers: number): void {
  if (providers > 0) metrics.add('SkippedUnable', providers);
}

/** Tells that a provider accepted a mail without this many of its tag and metadata: they do not fit its limits. */
export function tellDropped(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, entries }: { readonly provider: string; readonly entries: number },
): void {
  if (entries === 0) return;
  metrics.add('MetadataDropped', entries);
  log.warn('metadata dropped', { submissionId: logId(message), provider, entries });
}

/** Tells that one provider accepted what another one called a bad message. */
export function tellContradiction(
  { log, metrics }: TelemetryContext,
  message: Message,
  {
    refusedBy,
    acceptedBy,
    words,
  }: { readonly refusedBy: string; readonly acceptedBy: string; readonly words?: string | undefined },
): void {
  metrics.add('Contradictions', 1, { provider: refusedBy });
  metrics.add('Faults', 1, { provider: refusedBy });
  const fields = {
    submissionId: logId(message),
    provider: refusedBy,
    acceptedBy,
    words,
    shape: JSON.stringify(refusedShape(message)),
  };
  log.warn('contradiction', fields);
}

/** Tells that one provider accepted what another one may have taken before: the only way in which mail goes out twice. */
export function tellPossibleDuplicate(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, acceptedBy, cause }: PossibleDuplicate & { readonly acceptedBy: string },
): void {
  metrics.add('PossibleDuplicate', 1, { provider, outcome: cause });
  log.warn('possible duplicate', { submissionId: logId(message), provider, cause, acceptedBy });
}

/** Tells that a submission has been accepted, `ageMs` of stack time after it was first received. */
export function tellAccepted({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('Delay', seconds(ageMs));
}

/** Tells how long a mail of a class with an expiry has waited by now, in stack time. */
export function tellClassWait({ metrics }: TelemetryContext, name: string, ageMs: number): void {
  metrics.add('ClassWait', seconds(ageMs), { class: name });
}

/** Tells that a submission is sent to a retry queue. */
export function tellRetry({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('RetryAge', seconds(ageMs));
}

/** Tells how often the sender was invoked with a mail, as a share of the most that its age explains. */
export function tellInvocations({ metrics }: TelemetryContext, share: number): void {
  metrics.add('InvocationsPerMail', Math.round(share * 1_000) / 1_000);
}

/** Tells that one of our own services did not do what a mail needed; the mail waits for it. */
export function tellOwnTrouble({ metrics }: Pick<TelemetryContext, 'metrics'>, service: OwnService): void {
  metrics.add('OwnTrouble', 1, { outcome: service });
}

/** Tells that a message has ended without being accepted. */
export function tellDeadLetter(
  { log, metrics }: TelemetryContext,
  reason: DeadLetterReason,
  ids: { readonly submissionId: string; readonly queueMessageId: string },
): void {
  metrics.add('DeadLettered', 1, { outcome: DEAD_LETTER_OUTCOME[reason] });
  const { submissionId, queueMessageId } = ids;
  // Of a malformed body the id may be anything, an address too.
  log.warn('dead-lettered', {
    queueMessageId,
    reason,
    submissionId: submissionId.includes('@') ? undefined : submissionId,
  });
}

/** The id as it may stand in a log: its hash where a producer used an address as id. */
export function logId({ id, handle }: Identity): string {
  return id.includes('@') ? handle : id;
}

function isWritten({ straightLogShare = 1 }: TelemetryContext, { message, number, outcomes }: EndedAttempt): boolean {
  if (number > 1 || outcomes.some(({ kind }) => kind !== 'accepted')) return true;
  return fraction(message.handle) < straightLogShare;
}

/** An even draw in [0, 1) from the handle, which is a hash: the same submission is always written, or never. */
function fraction(handle: string): number {
  return Buffer.from(handle.slice(0, 8), 'base64url').readUIntBE(0, 6) / 2 ** 48;
}

function writeAttempt(log: Log, attempt: EndedAttempt, outcome: Outcome): void {
  const { message, provider, number, durationMs, substituted } = attempt;
  const good = outcome.kind === 'accepted';
  log[good ? 'info' : 'warn']('attempt', {
    submissionId: logId(message),
    provider,
    attempt: number,
    substituteFrom: substituted || undefined,
    outcome: outcome.kind,
    blames: 'blames' in outcome ? outcome.blames : undefined,
    reason: good ? undefined : outcome.reason,
    status: good ? undefined : outcome.status,
    detail: outcome.detail,
    durationMs,
    // What stands behind the @ is a domain of the mail.
    providerMessageId: good ? outcome.providerMessageId.split('@')[0] : undefined,
  });
}

/** A tenth of a second is exact enough for what is counted in minutes, and short in the log. */
function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
