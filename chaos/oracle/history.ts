import type { Outcome } from '../../lambda/mail/outcome.ts';
import type { FaultKind } from '../faults/kinds.ts';
import type { Mail } from '../mails/mail.ts';
import type { SimulatedWorker } from '../world/worker.ts';

/** Record of one call of a provider. */
export interface ProviderCall {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  /** Time at which the request arrived at the provider. */
  readonly begunAt: number;
  /** Time at which the sender recorded the attempt in the ledger, before the call. */
  readonly decidedAt: number;
  readonly fault: FaultKind | undefined;
  /** Answer that the process got, with its time; absent while the process waits, and if the process was killed before the answer. */
  answer?: {
    readonly at: number;
    readonly outcome: Outcome['kind'];
    readonly providerMessageId?: string;
    /** Time of the provider's Retry-After, in milliseconds. */
    readonly retryAfterMs?: number;
  };
}

/** Acceptance of a mail by a provider. */
export interface Acceptance {
  readonly attempt: ProviderCall;
  readonly recipients: readonly string[];
  readonly at: number;
  /** Time at which the sender recorded in the state table that the provider accepted the mail; absent until then. */
  recordedAt?: number;
}

/** A look-up of sent mail at a provider. */
export interface ProviderLookUp {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  /** Start of the invocation that made the look-up. */
  readonly begunAt: number;
  readonly at: number;
  /** Recipients for which the look-up found the mail; absent if the look-up got no answer. */
  readonly found?: ReadonlySet<string>;
}

/** A message on the dead-letter queue. */
export interface DeadLetter {
  readonly at: number;
  /** Reason that the sender wrote; absent if SQS itself moved the message. */
  readonly reason?: string;
  readonly detail?: string;
  readonly done: readonly number[];
}

/** A message that a process sent to a retry queue. */
export interface Retry {
  readonly worker: SimulatedWorker;
  readonly at: number;
  /** Milliseconds until the time in the attribute `NotBefore` of the message, by the clock of the process that sent the message. */
  readonly waitMs: number;
  /** Milliseconds for which the queue hides the message. */
  readonly hiddenMs: number;
  /**
   * Whether the message waits for a look-up of sent mail. This is the case if the last answer was lost, no earlier call of the same
   * provider was made for this mail, and `onUnknown` is not `failover`.
   */
  readonly asks: boolean;
}

/** All events of one submission: one mail of a producer, under one id. */
export interface History {
  readonly mail: Mail;
  readonly id: string;
  /** Times at which its producer put the submission on the outbound queue. */
  readonly addedAt: number[];
  /**
   * Redrives of the submission from the dead-letter queue. A message without a signature (`proven` is false) counts as a new
   * submission; the signature is missing after a failure of Secrets Manager.
   */
  readonly redrives: { readonly at: number; readonly proven: boolean }[];
  /** Whether the producer got the answer that the submission is on the queue. */
  acknowledged: boolean;
  readonly attempts: ProviderCall[];
  readonly acceptances: Acceptance[];
  readonly lookUps: ProviderLookUp[];
  readonly deadLetters: DeadLetter[];
  readonly retries: Retry[];
  /** Time at which a worker first received a message of the submission. */
  receivedAt?: number;
  /** Largest SQS receive count of any message of the submission. */
  receives: number;
  /** Providers that refused the mail as a bad message. */
  readonly refusedBy: Set<string>;
  /** Recipients for which an event `suppressed` was put on the events queue. */
  readonly suppressed: Set<string>;
  /**
   * For each provider, the time at which the first attempt was written to the ledger. A process may be killed between this write
   * and the call.
   */
  readonly firstAttempts: Map<string, number>;
  /** Number of calls whose answer was lost or ambiguous, or whose process was killed before the answer. */
  unknown: number;
  /**
   * Number of attempts in the ledger whose outcome is unknown: attempts with a lost or ambiguous answer, and all attempts of
   * processes that were killed before they recorded an outcome.
   */
  unknownInRecord: number;
  /** Number of processes that were killed while they processed the submission. */
  crashes: number;
  /** Whether a process with a wrong clock processed the submission. */
  skewed: boolean;
  /**
   * Whether a process was killed while it processed the submission, or the ledger failed. In both cases the outcome of an attempt
   * may be unknown.
   */
  interrupted: boolean;
}

export function emptyHistory(mail: Mail, id: string): History {
  return {
    mail,
    id,
    addedAt: [],
    redrives: [],
    acknowledged: false,
    attempts: [],
    acceptances: [],
    lookUps: [],
    deadLetters: [],
    retries: [],
    receives: 0,
    refusedBy: new Set(),
    suppressed: new Set(),
    firstAttempts: new Map(),
    unknown: 0,
    unknownInRecord: 0,
    skewed: false,
    interrupted: false,
    crashes: 0,
  };
}

/** Returns the name of a submission for the text of a violation. */
export function named({ mail, id }: History): string {
  return `mail ${mail.index} (${id})`;
}

/** Returns a time as text for the text of a violation. */
export function time(at: number): string {
  return new Date(at).toISOString();
}
