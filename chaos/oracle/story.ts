import type { Outcome } from '../../lambda/mail/outcome.ts';
import type { FaultKind } from '../faults/kinds.ts';
import type { Mail } from '../mails/mail.ts';
import type { SimulatedWorker } from '../world/worker.ts';

/** One call of a provider, in the world's record. */
export interface ProviderCall {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  /** Time of the request. */
  readonly begunAt: number;
  /** Time of the ledger's write that allowed the call. */
  readonly decidedAt: number;
  readonly fault: FaultKind | undefined;
  /** Answer that the process got, with its time; absent while it waits, and if it was killed first. */
  answer?: {
    readonly at: number;
    readonly outcome: Outcome['kind'];
    readonly providerMessageId?: string;
    /** Time for which the provider asked to be left alone, in milliseconds. */
    readonly retryAfterMs?: number;
  };
}

/** A provider accepted a mail. */
export interface Acceptance {
  readonly attempt: ProviderCall;
  readonly recipients: readonly string[];
  readonly at: number;
  /** Time of the record in the ledger. */
  recordedAt?: number;
}

/** A look-up at a provider. */
export interface ProviderLookUp {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  /** Start of the invocation that asked. */
  readonly begunAt: number;
  readonly at: number;
  /** Recipients for which it found the mail; absent without an answer. */
  readonly found?: ReadonlySet<string>;
}

/** A message on the dead-letter queue. */
export interface DeadLetter {
  readonly at: number;
  /** Absent if SQS itself moved the message. */
  readonly reason?: string;
  readonly detail?: string;
  readonly done: readonly number[];
}

/** A message was sent to a retry queue. */
export interface Hop {
  readonly worker: SimulatedWorker;
  readonly at: number;
  /** Milliseconds until its `NotBefore`, by the clock of the process that wrote it. */
  readonly waitMs: number;
  /** Milliseconds for which the queue hides the message. */
  readonly hiddenMs: number;
  /** Whether the last answer for the mail in this process was lost, and the mail has `ask`. */
  readonly asks: boolean;
}

/** The world's record of one submission: one mail of a producer, under one id. */
export interface Story {
  readonly mail: Mail;
  readonly id: string;
  /** Times at which its producer put it on the outbound queue. */
  readonly addedAt: number[];
  /** Redrives; a message without a proof, as after a failure of Secrets Manager, is a new submission. */
  readonly redrives: { readonly at: number; readonly proven: boolean }[];
  /** Whether the producer got the answer that the queue has it. */
  acknowledged: boolean;
  readonly attempts: ProviderCall[];
  readonly acceptances: Acceptance[];
  readonly lookUps: ProviderLookUp[];
  readonly deadLetters: DeadLetter[];
  readonly hops: Hop[];
  /** Time at which a worker first received it. */
  receivedAt?: number;
  /** Largest number of receives of one of its messages. */
  receives: number;
  /** Providers that refused the message as bad. */
  readonly refusedBy: Set<string>;
  /** Recipients with an event on the events queue. */
  readonly suppressed: Set<string>;
  /** Time of the first attempt in the ledger at each provider; a process may be killed between this write and the call. */
  readonly firstAttempts: Map<string, number>;
  /** Number of lost or ambiguous answers, and of processes killed during a call. */
  unknown: number;
  /**
   * Unknown attempts in the ledger: attempts with a lost or ambiguous answer, and all attempts of processes that were
   * killed before they recorded an outcome.
   */
  doubts: number;
  /** Number of processes killed while they processed it. */
  crashes: number;
  /** A process with a wrong clock processed it. */
  skewed: boolean;
  /** A process was killed while it processed it, or the ledger failed: the outcome of an attempt may not be known. */
  interrupted: boolean;
}

/** A story without events. */
export function emptyStory(mail: Mail, id: string): Story {
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
    hops: [],
    receives: 0,
    refusedBy: new Set(),
    suppressed: new Set(),
    firstAttempts: new Map(),
    unknown: 0,
    doubts: 0,
    skewed: false,
    interrupted: false,
    crashes: 0,
  };
}

/** Name of a submission in a violation. */
export function named({ mail, id }: Story): string {
  return `mail ${mail.index} (${id})`;
}

/** A time in violations and traces. */
export function time(at: number): string {
  return new Date(at).toISOString();
}
