import type { Reason, WorkerReason } from './reason.ts';

/**
 * Cause of an outcome that is not acceptance, as the table of the provider's answers states it.
 *
 * - `account`: our standing with the provider (login, quota, suspension, reputation of our address); it accepts no mail
 *   of ours.
 * - `sender`: one From address or domain of ours; it accepts mail from others.
 * - `outage`: the provider.
 * - `message`: the message, possibly for one recipient only; another provider may accept it.
 * - `recipient`: the recipient, who may not be mailed by any provider.
 * - `worker`: this process, by its credentials, clock or limits; another process may work, so it says nothing about the
 *   provider.
 */
export type Blame = 'account' | 'sender' | 'outage' | 'message' | 'recipient' | 'worker';

/** Meaning of an answer, without the provider's words. */
export type Meaning =
  /** Time must pass: for the whole provider, or for one recipient only. */
  | { readonly kind: 'throttled'; readonly of: 'provider' | 'recipient'; readonly reason: Reason }
  /** The provider accepted nothing, and says nothing about the message. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'outage' | 'account' | 'sender'>;
      readonly reason: Reason;
      /** The provider failed after it had the whole request, and may have accepted the message nevertheless. */
      readonly maybeTaken?: true;
    }
  /** This process cannot call the provider: nothing was accepted, and it says nothing about the provider. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'worker'>;
      readonly reason: WorkerReason;
      readonly maybeTaken?: never;
    }
  /** A refusal that the table knows to be about this message or this recipient: it counts as a vote. */
  | {
      readonly kind: 'refused';
      readonly blames: Extract<Blame, 'message' | 'recipient'>;
      readonly reason: Reason;
      /** The refusal is about one of the recipients, and no recipient was served. */
      readonly ofOne?: true;
    }
  /** A refusal that the table does not know: another provider is tried, and it is no vote. */
  | { readonly kind: 'unrecognised'; readonly reason: 'unrecognised' }
  /** The request was sent, and it is unknown whether the message was accepted. */
  | { readonly kind: 'unknown'; readonly reason: Reason };

/** The words of the provider's answer. */
interface Words {
  /** Status of the answer: HTTP (`400`, with the code of a body `422/300`) or SMTP (`550`); absent without an answer. */
  readonly status?: string;
  /** Text of the answer, at most {@link MAX_DETAIL} characters, with addresses masked. */
  readonly detail?: string;
  /** How long to leave the provider alone, or time until the quota of the account begins again. */
  readonly retryAfterMs?: number;
}

/**
 * The classified result of one attempt, or of one recipient within it.
 *
 * Everything that a provider, a network or a recipient can do is a value of this type, never an exception.
 */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerMessageId: string; readonly detail?: string }
  | (Meaning & Words);

/** A recipient that no call of the attempt reached: another provider, or a later round, serves it. */
export const NOT_TRIED = { kind: 'throttled', of: 'recipient', reason: 'not-tried' } as const satisfies Outcome;

/** Longest `detail` kept, in characters. */
export const MAX_DETAIL = 500;

/** Result of one call to a provider. */
export interface AttemptResult {
  /** Applies to every recipient that `recipients` does not contain. */
  readonly outcome: Outcome;
  /** Recipients (by canonical address) whose outcome differs from the others: partial acceptance. */
  readonly recipients?: ReadonlyMap<string, Outcome>;
  /** Number of values of tag and metadata that were left out because this provider does not allow them. */
  readonly dropped?: number;
  /**
   * Groups of recipients that remain of a call that was refused as a whole because of one address: each must be offered
   * by itself. Absent if the recipients were not split up.
   */
  readonly apart?: readonly (readonly string[])[];
}

/** The result with each of its outcomes changed. */
export function mapOutcomes(result: AttemptResult, change: (outcome: Outcome) => Outcome): AttemptResult {
  const { outcome, recipients, ...others } = result;
  return {
    outcome: change(outcome),
    ...(recipients && { recipients: new Map(Array.from(recipients, ([address, one]) => [address, change(one)])) }),
    ...others,
  };
}

/** Reason of account refusals after which the sender reads the secret again and tries once more. */
export const AUTHENTICATION = 'authentication';

/**
 * Addresses in a provider's words. Their length is limited, since a gateway may answer with a page of any size: RFC
 * 5321 4.5.3.1 allows 64 octets before the @, 255 after it.
 */
const ADDRESS = /(?:"(?:[^"\\]|\\.){1,128}"|[^\s<>"(),;:@]{1,128})@[^\s<>"'(),;:]{1,255}/g;

/** Characters of an answer that are read: the page of a gateway may have any size. */
const MAX_READ = 4_000;

/** The part of a provider's words that is read to classify them. */
export function readable(words: string): string {
  return words.slice(0, MAX_READ);
}

/** A provider's words shortened for logs and attributes, with every address masked. */
export function detailOf(text: unknown): string {
  const words = typeof text === 'string' ? text : String(text ?? '');
  return readable(words).replace(ADDRESS, '<address>').replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL);
}
