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
   * Share of the submissions accepted at their first attempt that are logged, from 0 to 1. Everything else is always
   * logged.
   * @default 1
   */
  readonly straightLogShare?: number;
}

type Identity = Pick<Message, 'id' | 'handle'>;

/** One attempt that has ended. */
export interface EndedAttempt {
  readonly message: Identity;
  readonly provider: string;
  /** Number of the attempt at this submission, from 1. */
  readonly number: number;
  /** Provider of the attempt before, in this round or an earlier one. */
  readonly before?: string | undefined;
  /** The outcome, and those of recipients that differ from it. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
  /** It was sent from the provider's substitute address. */
  readonly substituted?: boolean;
  /** Providers that were skipped since the attempt before, or since the start of the round. */
  readonly skipped?: Skips;
}

/** Why providers were skipped, by key: the word of the circuit, or the limit that the message exceeds. */
export type Skips = ReadonlyMap<string, string>;

/**
 * Records an attempt, before failover is decided: so a failing provider is visible although all mail is accepted by
 * others.
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

/** Classifies an attempt like the circuit; a provider that accepted part of the message has accepted. */
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
    // The provider works, and refused this message or this recipient; or nothing is known of it.
    case 'answered':
    case 'unasked': {
      const blamed = outcomes.map(blamedBy);
      return (['message', 'recipient'] as const).find((one) => blamed.includes(one)) ?? 'deferred';
    }
  }
}

/** Unknown words are counted as about the message; they have their own alarm as well. */
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
 * Records that a provider was skipped. An isolation, a Retry-After and a slow start are not counted here, since other
 * metrics show them.
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

/** Records that no provider was tried in a round, since all were skipped. */
export function reportUntried({ log }: TelemetryContext, message: Identity, skips: Skips): void {
  if (skips.size > 0) log.info('no provider tried', { submissionId: loggedId(message.id), skipped: inOneField(skips) });
}

function inOneField(skips: Skips): string {
  return JSON.stringify(Object.fromEntries(skips));
}

/** Records that a message was accepted after another provider had failed, refused it or was skipped as failing. */
export function reportFailover({ metrics }: TelemetryContext): void {
  metrics.add('FailedOver', 1);
}

/** Records how many providers cannot carry a message by their published limits. */
export function reportUnable({ metrics }: TelemetryContext, providers: number): void {
  if (providers > 0) metrics.add('SkippedUnable', providers);
}

/** Records that a provider accepted a message without this many values of its tag and metadata, which exceed its limits. */
export function reportDropped(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, entries }: { readonly provider: string; readonly entries: number },
): void {
  if (entries === 0) return;
  metrics.add('MetadataDropped', entries);
  log.warn('metadata dropped', { submissionId: loggedId(message.id), provider, entries });
}

/** Records that a provider accepted what another one called a bad message. */
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

/** Records that a provider accepted what another one may have accepted before: the only way to send a message twice. */
export function reportPossibleDuplicate(
  { log, metrics }: TelemetryContext,
  message: Identity,
  { provider, acceptedBy, cause }: PossibleDuplicate & { readonly acceptedBy: string },
): void {
  metrics.add('PossibleDuplicate', 1, { provider, outcome: cause });
  log.warn('possible duplicate', { submissionId: loggedId(message.id), provider, cause, acceptedBy });
}

/** Records that a submission was accepted, `ageMs` of stack time after it was sent. */
export function reportAccepted({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('Delay', seconds(ageMs));
}

/** Records how long a message of a class with an expiry has waited so far, in stack time. */
export function reportClassWait({ metrics }: TelemetryContext, name: string, ageMs: number): void {
  metrics.add('ClassWait', seconds(ageMs), { class: name });
}

/** Records that a round left recipients waiting for their class. */
export function reportHeld({ metrics }: Pick<TelemetryContext, 'metrics'>, outcome: HeldOutcome): void {
  metrics.add('HeldBack', 1, { outcome });
}

/** Records that a submission is sent to a retry queue. */
export function reportRetry({ metrics }: TelemetryContext, ageMs: number): void {
  metrics.add('RetryAge', seconds(ageMs));
}

/** Records the number of invocations for a message, as a share of the most that its age explains. */
export function reportInvocations({ metrics }: TelemetryContext, share: number): void {
  metrics.add('InvocationsPerMail', Math.round(share * 1_000) / 1_000);
}

/** Records that a service of our own failed and a message waits for it. */
export function reportOwnTrouble({ metrics }: Pick<TelemetryContext, 'metrics'>, service: OwnService): void {
  metrics.add('OwnTrouble', 1, { outcome: service });
}

/** Records that a message ended without being accepted. */
export function reportDeadLetter(
  { log, metrics }: TelemetryContext,
  reason: DeadLetterReason,
  ids: { readonly submissionId: string; readonly queueMessageId: string },
): void {
  metrics.add('DeadLettered', 1, { outcome: DEAD_LETTER_OUTCOME[reason] });
  const { submissionId, queueMessageId } = ids;
  // The id in a malformed body may be anything, including an address.
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
 * An evenly distributed number in [0, 1) from the handle, which is a hash: the same submission is always logged, or
 * never.
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
    // The part after the @ is a domain of the mail.
    providerMessageId: good ? outcome.providerMessageId.split('@')[0] : undefined,
  });
}

/** Seconds with one decimal, which is exact enough for minutes, and short in the log. */
function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
