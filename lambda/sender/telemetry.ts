import type { SkipReason } from '../circuit/admission.ts';
import { providerHealth } from '../circuit/provider-health.ts';
import type { DeadLetterReason } from '../contract/dead-letter.ts';
import {
  type AttemptOutcome,
  DEAD_LETTER_OUTCOME,
  type HeldOutcome,
  type OwnService,
  SAYS_OF_PROVIDER,
  type SkipOutcome,
} from '../contract/metric-outcomes.ts';
import type { Message } from '../mail/message.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { loggedId } from '../providers/reference.ts';
import type { PossibleDuplicate } from '../submission/replay.ts';
import { refusedShape } from './shape.ts';

/** Log and metrics of the sender. */
export interface TelemetryContext {
  readonly log: Log;
  readonly metrics: Metrics;
  /**
   * Fraction, from 0 to 1, of the accepted first attempts that are logged. All other attempts are always logged.
   * @default 1
   */
  readonly straightLogShare?: number;
}

type Identity = Pick<Message, 'id' | 'handle'>;

/** One attempt that has ended. */
export interface EndedAttempt {
  readonly message: Identity;
  readonly provider: string;
  /** Number of the attempt for this submission. The first attempt has the number 1. */
  readonly number: number;
  /** Key of the provider of the previous attempt in this round. A round is one run through the providers of the submission. */
  readonly before?: string | undefined;
  /** The outcome of the attempt, followed by the outcomes of the recipients that have a different outcome. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
  /** Whether the provider's `substituteFrom` address was used in place of the message's own From address. */
  readonly substituted?: boolean;
  /** Providers that were skipped since the previous attempt, or since the start of the round. */
  readonly skipped?: Skips;
}

/**
 * Why providers were skipped, by provider key: the {@link SkipReason}, or the reason why the provider cannot send the message.
 */
export type Skips = ReadonlyMap<string, string>;

/**
 * Adds an attempt to the metrics and logs it. Of the accepted first attempts, only the fraction `straightLogShare` is logged.
 * Each attempt is reported separately. Therefore a failing provider is visible even if other providers accept all mail.
 */
export function reportAttempt(context: TelemetryContext, attempt: EndedAttempt): void {
  const { metrics } = context;
  const { provider, before, outcomes, durationMs } = attempt;
  const outcome = countedAs(outcomes);
  metrics.add('Attempts', 1, { provider, outcome });
  if (outcomes.some(({ kind }) => kind === 'unrecognised')) metrics.add('UnrecognisedAnswers', 1, { provider });
  if (outcome === 'accepted') metrics.add('AttemptLatency', durationMs, { provider, outcome });
  if (IS_FAULT[SAYS_OF_PROVIDER[outcome]]) metrics.add('Faults', 1, { provider });
  if (before !== undefined && before !== provider && outcome === 'accepted') metrics.add('TookOver', 1, { provider });
  if (isWritten(context, attempt)) for (const one of outcomes) writeAttempt(context.log, attempt, one);
}

/** Classifies an attempt by the rules of the circuit breaker. If the provider accepts some of the recipients, the attempt counts as accepted. */
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
    // Either the provider works and refused this message or this recipient, or the attempt shows nothing about the health of the provider.
    case 'answered':
    case 'unasked': {
      const blamed = outcomes.map(blamedBy);
      return (['message', 'recipient'] as const).find((one) => blamed.includes(one)) ?? 'deferred';
    }
  }
}

/**
 * Returns the cause of an outcome, with the name that the metrics use. A refusal with a text that Mailover does not know counts
 * as a refusal of the message, and is also counted by the metric `UnrecognisedAnswers`.
 */
function blamedBy(outcome: Outcome): 'message' | 'recipient' | 'deferred' {
  switch (outcome.kind) {
    case 'unrecognised':
      return 'message';
    case 'refused':
      return outcome.blames;
    case 'accepted':
    case 'throttled':
    case 'unavailable':
    case 'unknown':
      return 'deferred';
  }
}

const IS_FAULT = { works: false, nothing: false, fault: true, failure: true };

/**
 * Adds a skipped provider to the metrics. Four kinds of skips are not counted: an operator has isolated the provider, the
 * provider has throttled, the provider gets only a part of the mail because its circuit has just closed (slow start), or this
 * worker cannot call the provider.
 */
export function reportSkip({ metrics }: TelemetryContext, provider: string, reason: SkipReason): void {
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

/** Logs that no provider was called in a round, with the reason for each skipped provider. */
export function reportUntried({ log }: TelemetryContext, message: Identity, skips: Skips): void {
  if (skips.size > 0) log.info('no provider tried', { submissionId: loggedId(message.id), skipped: inOneField(skips) });
}

function inOneField(skips: Skips): string {
  return JSON.stringify(Object.fromEntries(skips));
}

/** Counts a message that was accepted after another provider had failed, had refused the message, or was skipped because it was failing. */
export function reportFailover({ metrics }: TelemetryContext): void {
  metrics.add('FailedOver', 1);
}

/** Adds to the metrics the number of providers that cannot send a message, for example because of its size. */
export function reportUnable({ metrics }: TelemetryContext, providers: number): void {
  if (providers > 0) metrics.add('SkippedUnable', providers);
}

/**
 * Adds to log and metrics that a provider accepted a message without some values of its tag and metadata. `entries` is the number
 * of values that were left out because the provider does not allow them.
 */
export function reportDropped(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, entries }: { readonly provider: string; readonly entries: number },
): void {
  if (entries === 0) return;
  metrics.add('MetadataDropped', entries);
  log.warn('metadata dropped', { submissionId: loggedId(message.id), provider, entries });
}

/** Adds to log and metrics that a provider accepted a message that another provider had refused. */
export function reportContradiction(
  { log, metrics }: TelemetryContext,
  message: Message,
  {
    refusedBy,
    acceptedBy,
    status,
    words,
  }: {
    readonly refusedBy: string;
    readonly acceptedBy: string;
    readonly status?: string | undefined;
    readonly words?: string | undefined;
  },
): void {
  metrics.add('Contradictions', 1, { provider: refusedBy });
  metrics.add('Faults', 1, { provider: refusedBy });
  const fields = {
    submissionId: loggedId(message.id),
    provider: refusedBy,
    acceptedBy,
    status,
    words,
    shape: JSON.stringify(refusedShape(message)),
  };
  log.warn('contradiction', fields);
}

/**
 * Adds to log and metrics that a provider accepted a message that may have been accepted before, by another provider or in an
 * earlier attempt. `provider` is the key of the earlier provider. This is the only case in which Mailover can send a message to a
 * recipient twice.
 */
export function reportPossibleDuplicate(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, acceptedBy, cause }: PossibleDuplicate & { readonly acceptedBy: string },
): void {
  metrics.add('PossibleDuplicate', 1, { provider, outcome: cause });
  log.warn('possible duplicate', { submissionId: loggedId(message.id), provider, cause, acceptedBy });
}

/**
 * Adds to the metrics that a submission was accepted. `ageMs` is the time since the producer sent the submission, in milliseconds
 * of stack time (which on a local stack may run faster than the clock).
 */
export function reportAccepted({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('Delay', seconds(ageMs));
}

/**
 * Adds to the metrics how long a message has waited so far, in milliseconds of stack time. Called only for classes of mail with
 * the setting `expiresAfterSeconds`.
 */
export function reportClassWait({ metrics }: TelemetryContext, name: string, ageMs: number): void {
  metrics.add('ClassWait', seconds(ageMs), { class: name });
}

/**
 * Adds to the metrics that recipients must wait, because the class of mail is paused or because the recipients are not verified.
 */
export function reportHeld({ metrics }: Pick<TelemetryContext, 'metrics'>, outcome: HeldOutcome): void {
  metrics.add('HeldBack', 1, { outcome });
}

/**
 * Adds to the metrics that a submission is sent to a retry queue. `ageMs` is the time since the submission was first received, in
 * milliseconds of stack time.
 */
export function reportRetry({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('RetryAge', seconds(ageMs));
}

/**
 * Adds to the metrics the number of invocations for a submission, divided by the largest number that is normal for the age of the
 * submission.
 */
export function reportInvocations({ metrics }: TelemetryContext, share: number): void {
  metrics.add('InvocationsPerMail', Math.round(share * 1_000) / 1_000);
}

/** Adds to the metrics that a call to an AWS service failed, such as DynamoDB, and that a message must wait for this reason. */
export function reportOwnTrouble({ metrics }: Pick<TelemetryContext, 'metrics'>, service: OwnService): void {
  metrics.add('OwnTrouble', 1, { outcome: service });
}

/** Adds to log and metrics that a message was dead-lettered. */
export function reportDeadLetter(
  { log, metrics }: TelemetryContext,
  reason: DeadLetterReason,
  ids: { readonly submissionId: string; readonly queueMessageId: string },
): void {
  metrics.add('DeadLettered', 1, { outcome: DEAD_LETTER_OUTCOME[reason] });
  const { submissionId, queueMessageId } = ids;
  // The id in a malformed body may be any text, and also an address, which must not be logged.
  log.warn('dead-lettered', {
    queueMessageId,
    reason,
    submissionId: submissionId.includes('@') ? undefined : submissionId,
  });
}

function isWritten({ straightLogShare = 1 }: TelemetryContext, { message, number, outcomes }: EndedAttempt): boolean {
  if (number > 1 || outcomes.some(({ kind }) => kind !== 'accepted')) return true;
  return fraction(message.handle) < straightLogShare;
}

/**
 * Returns an evenly distributed number in [0, 1), computed from a submission's handle, which is a hash. If SQS delivers a
 * submission again, the number is the same.
 */
function fraction(handle: string): number {
  return Buffer.from(handle.slice(0, 8), 'base64url').readUIntBE(0, 6) / 2 ** 48;
}

function writeAttempt(log: Log, attempt: EndedAttempt, outcome: Outcome): void {
  const { message, provider, number, durationMs, substituted, skipped } = attempt;
  const good = outcome.kind === 'accepted';
  log[good ? 'info' : 'warn']('attempt', {
    submissionId: loggedId(message.id),
    provider,
    attempt: number,
    substituteFrom: substituted || undefined,
    skipped: skipped?.size ? inOneField(skipped) : undefined,
    outcome: outcome.kind,
    blames: 'blames' in outcome ? outcome.blames : undefined,
    reason: good ? undefined : outcome.reason,
    status: good ? undefined : outcome.status,
    detail: outcome.detail,
    durationMs,
    // The part after the @ is left out, since it may be a domain from the content of the mail.
    providerMessageId: good ? outcome.providerMessageId.split('@')[0] : undefined,
  });
}

/** Converts milliseconds to seconds with one decimal. This is exact enough for waits of minutes, and short in the log. */
function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
