import type { Reason, WorkerReason } from './reason.ts';

/**
 * Whom an outcome blames; said once, in the table of the provider's answers.
 *
 * `account`: our standing with the provider (login, quota, suspension, reputation of our address); no mail of ours passes.
 * `sender`: one From address or domain of ours; mail from another one passes.
 * `outage`: the provider.
 * `message`: the message, or what it is to one recipient; another provider may take it.
 * `recipient`: the recipient may not be mailed by any provider.
 * `worker`: this process, by its credentials, clock or limits; another process may be well, so nothing is learned of the provider.
 */
export type Blame = 'account' | 'sender' | 'outage' | 'message' | 'recipient' | 'worker';

/** What an answer means, before the provider's words are added. */
export type Meaning =
  /** Time must pass: for the whole provider, or for one recipient only. */
  | { readonly kind: 'throttled'; readonly of: 'provider' | 'recipient'; readonly reason: Reason }
  /** The provider took nothing, and says nothing about the message. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'outage' | 'account' | 'sender'>;
      readonly reason: Reason;
      /** The provider failed after it had the whole request, and may have taken the mail all the same. */
      readonly maybeTaken?: true;
    }
  /** This process cannot call the provider: nothing was taken, and the provider said nothing of itself. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'worker'>;
      readonly reason: WorkerReason;
      readonly maybeTaken?: never;
    }
  /** A refusal that a row of the table knows to be about this message or this recipient: it counts as a vote. */
  | {
      readonly kind: 'refused';
      readonly blames: Extract<Blame, 'message' | 'recipient'>;
      readonly reason: Reason;
      /** One of the recipients is meant, while none was served. */
      readonly ofOne?: true;
    }
  /** A refusal that no row knows: another provider is asked, and it is no vote. */
  | { readonly kind: 'unrecognised'; readonly reason: 'unrecognised' }
  /** The request was out, and no answer tells whether the mail was taken. */
  | { readonly kind: 'unknown'; readonly reason: Reason };

/** The provider's own words. */
interface Words {
  /** Status of the answer: HTTP (`400`, with the code of a body `422/300`) or SMTP (`550`); absent without an answer. */
  readonly status?: string;
  /** At most {@link MAX_DETAIL} characters, with addresses masked. */
  readonly detail?: string;
  /** How long the provider wants to be left alone, or until the quota of the account begins again. */
  readonly retryAfterMs?: number;
}

/**
 * The classified result of one attempt, or of one recipient within it.
 *
 * What a provider, a network or a recipient can do is a value of this type, never an exception.
 */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerMessageId: string; readonly detail?: string }
  | (Meaning & Words);

/** Longest `detail` kept, in characters. */
export const MAX_DETAIL = 500;

/** Result of one call of a provider. */
export interface AttemptResult {
  /** Holds for every recipient that `recipients` does not name. */
  readonly outcome: Outcome;
  /** Recipients (by canonical address) whose outcome differs from the others: partial acceptance. */
  readonly recipients?: ReadonlyMap<string, Outcome>;
  /** How many of the tag and the metadata were left out, since they do not fit this provider. */
  readonly dropped?: number;
}

/** Account refusals with this reason make the sender read the secret once more before it believes them. */
export const AUTHENTICATION = 'authentication';

/** Bounded, since a gateway may answer with a page of any size: RFC 5321 4.5.3.1 allows 64 octets before the @, 255 after it. */
const ADDRESS = /(?:"(?:[^"\\]|\\.){1,128}"|[^\s<>"(),;:@]{1,128})@[^\s<>"'(),;:]{1,255}/g;

/** Read of an answer at most: the page of a gateway may be of any size. */
const MAX_READ = 4_000;

/** The part of a provider's words that is read to find out what they mean. */
export function readable(words: string): string {
  return words.slice(0, MAX_READ);
}

/** Shortens a provider's words for logs and attributes and masks every address in them. */
export function detailOf(text: unknown): string {
  const words = typeof text === 'string' ? text : String(text ?? '');
  return readable(words).replace(ADDRESS, '<address>').replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL);
}
