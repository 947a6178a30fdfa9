import type { Outcome } from '../../lambda/mail/outcome.ts';
import type { FaultKind } from '../faults/kinds.ts';
import type { Mail } from '../mails/mail.ts';
import type { SimulatedWorker } from '../world/worker.ts';

/** One call of a provider, as the world saw it. */
export interface ProviderCall {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  /** When the request left. */
  readonly begunAt: number;
  /** When the ledger let the process make the call: from then on nothing could hold it back. */
  readonly decidedAt: number;
  readonly fault: FaultKind | undefined;
  /** What the process was told, and when; absent while it waits, and if it died first. */
  told?: {
    readonly at: number;
    readonly outcome: Outcome['kind'];
    readonly providerMessageId?: string;
  };
}

/** A provider took a mail. */
export interface Acceptance {
  readonly attempt: ProviderCall;
  readonly recipients: readonly string[];
  readonly at: number;
  /** When the ledger had it. */
  recordedAt?: number;
}

/** A provider was asked what became of a call. */
export interface ProviderLookUp {
  readonly provider: string;
  readonly worker: SimulatedWorker;
  readonly at: number;
  /** For whom it showed the mail; absent if it could not say. */
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
  /** Until its `NotBefore`, by the clock of the process that wrote it. */
  readonly waitMs: number;
  /** The last answer that this process heard about the mail was lost, and the mail asks. */
  readonly asks: boolean;
}

/** All that the world saw of one submission: one mail of a producer, under one id. */
export interface Story {
  readonly mail: Mail;
  readonly id: string;
  /** When its producer put it on the outbound queue, several times perhaps. */
  readonly addedAt: number[];
  /** When an operator redrove it; a letter without its proof, as Secrets Manager's failing leaves it, is a new submission. */
  readonly redrives: { readonly at: number; readonly proven: boolean }[];
  /** The producer was told that the queue has it. */
  acknowledged: boolean;
  readonly attempts: ProviderCall[];
  readonly acceptances: Acceptance[];
  readonly looks: ProviderLookUp[];
  readonly letters: DeadLetter[];
  readonly hops: Hop[];
  /** When a worker first had it. */
  receivedAt?: number;
  /** Most receives of one of its messages. */
  receives: number;
  /** Providers that called the message bad. */
  readonly refusedBy: Set<string>;
  /** Recipients with an event on the events queue. */
  readonly suppressed: Set<string>;
  /** Answers that were lost or hide what happened, and processes that died while a provider had the call. */
  unknown: number;
  /** Attempts of which the ledger says that nobody knows what they came to: those, and all that died before they told. */
  doubts: number;
  /** A release without ledger made an attempt. */
  previous: boolean;
  /** A release without ledger had it in hand, and may have buried it. */
  readByPrevious: boolean;
  /** Every release that had it in hand keeps a lineage, and so tells copies apart. */
  signedByAll: boolean;
  /** Processes that died with it in hand. */
  crashes: number;
  /** A process whose clock was wrong had it in hand. */
  skewed: boolean;
  /** A process died with it in hand, or the ledger failed it: what an attempt came to may be known to nobody. */
  interrupted: boolean;
}

/** A story of which nothing has been seen yet. */
export function untold(mail: Mail, id: string): Story {
  return {
    mail,
    id,
    addedAt: [],
    redrives: [],
    acknowledged: false,
    attempts: [],
    acceptances: [],
    looks: [],
    letters: [],
    hops: [],
    receives: 0,
    refusedBy: new Set(),
    suppressed: new Set(),
    unknown: 0,
    doubts: 0,
    previous: false,
    readByPrevious: false,
    signedByAll: true,
    skewed: false,
    interrupted: false,
    crashes: 0,
  };
}

/** How a violation names a submission. */
export function named({ mail, id }: Story): string {
  return `mail ${mail.index} (${id})`;
}

/** A time as violations and traces write it. */
export function time(at: number): string {
  return new Date(at).toISOString();
}
