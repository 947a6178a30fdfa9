import type { Reason, WorkerReason } from './reason.ts';

/**
 * Cause for which a provider did not accept a message, according to Mailover's table of the provider's answers.
 *
 * - `account`: our account at the provider (login, quota, suspension, reputation of our address). The provider accepts none of our mail.
 * - `sender`: one of our From addresses or domains. The provider accepts mail from our other addresses and domains.
 * - `outage`: a failure of the provider.
 * - `message`: the message, possibly only for one recipient. Another provider may accept the message.
 * - `recipient`: the recipient. Mail must not be sent to this recipient through any provider.
 * - `worker`: the credentials, clock or limits of this Lambda process. Another process may succeed, so this cause proves no fault of the
 *   provider.
 */
export type Blame = 'account' | 'sender' | 'outage' | 'message' | 'recipient' | 'worker';

/** Meaning of a provider's answer, without the text of the answer. */
export type Meaning =
  /**
   * The provider may accept the message later. `of`: the provider refuses all mail for a time (`provider`), or only mail to this recipient
   * (`recipient`).
   */
  | { readonly kind: 'throttled'; readonly of: 'provider' | 'recipient'; readonly reason: Reason }
  /** The provider did not accept the message, for a reason that does not concern the message. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'outage' | 'account' | 'sender'>;
      readonly reason: Reason;
      /** True if the provider failed after it had received the whole request: the provider may then have accepted the message. */
      readonly maybeTaken?: true;
    }
  /** This Lambda process cannot call the provider. The provider accepted nothing, and may be working. */
  | {
      readonly kind: 'unavailable';
      readonly blames: Extract<Blame, 'worker'>;
      readonly reason: WorkerReason;
      readonly maybeTaken?: never;
    }
  /**
   * A refusal because of this message or recipient, according to Mailover's table of the provider's answers. If providers of two vendors
   * refuse in this way, no further provider is tried for the recipient.
   */
  | {
      readonly kind: 'refused';
      readonly blames: Extract<Blame, 'message' | 'recipient'>;
      readonly reason: Reason;
      /** True if the refusal is about one of the recipients, and the provider accepted the message for no recipient. */
      readonly ofOne?: true;
    }
  /**
   * A refusal that Mailover's table of the provider's answers does not contain. Another provider is tried. The refusal is not counted as
   * evidence that the message is faulty.
   */
  | { readonly kind: 'unrecognised'; readonly reason: 'unrecognised' }
  /** The request was sent, but it is unknown whether the provider accepted the message. */
  | { readonly kind: 'unknown'; readonly reason: Reason };

/** Details of the provider's answer. */
interface Words {
  /**
   * Status of the answer: an HTTP status (`400`, or `422/300` if the body contains an error code) or an SMTP status (`550`). Absent if there
   * was no answer.
   */
  readonly status?: string;
  /** Text of the answer, at most {@link MAX_DETAIL} characters, with addresses masked. */
  readonly detail?: string;
  /** Number of milliseconds until the provider may be called again, or until the quota of the account is reset. */
  readonly retryAfterMs?: number;
}

/**
 * The classified result of one attempt to send a message, or the result for one recipient of the attempt.
 *
 * Every failure of a provider, of the network or for a recipient becomes a value of this type, and never an exception.
 */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerMessageId: string; readonly detail?: string }
  | (Meaning & Words);

/**
 * Outcome for a recipient that was not included in any call of the attempt. Another provider, or a later attempt, sends the message to this
 * recipient.
 */
export const NOT_TRIED = { kind: 'throttled', of: 'recipient', reason: 'not-tried' } as const satisfies Outcome;

/** Largest length of `detail`, in characters. */
export const MAX_DETAIL = 500;

/** Result of one call to a provider. */
export interface AttemptResult {
  /** Outcome for every recipient that is not in the map `recipients`. */
  readonly outcome: Outcome;
  /**
   * Outcomes that differ from `outcome`, by the canonical address of the recipient. Present, for example, if the provider accepted the
   * message for only some recipients.
   */
  readonly recipients?: ReadonlyMap<string, Outcome>;
  /** Number of values of `tag` and `metadata` that were left out because this provider does not allow them. */
  readonly dropped?: number;
  /**
   * Groups of recipients to which the message was not sent yet, after the provider had refused a whole call because of one address. A
   * separate call is needed for each group. Absent if the recipients were not split up into groups.
   */
  readonly apart?: readonly (readonly string[])[];
}

/** Returns a copy of a result, in which `change` was applied to each outcome. */
export function mapOutcomes(result: AttemptResult, change: (outcome: Outcome) => Outcome): AttemptResult {
  const { outcome, recipients, ...others } = result;
  return {
    outcome: change(outcome),
    ...(recipients && { recipients: new Map(Array.from(recipients, ([address, one]) => [address, change(one)])) }),
    ...others,
  };
}

/**
 * The reason `authentication`: the provider refused the credentials. The sender then reads the secret with the credentials again, and
 * repeats the attempt once.
 */
export const AUTHENTICATION = 'authentication';

/**
 * Matches e-mail addresses in the text of an answer. The pattern limits the length of an address, since a gateway may answer with a page of
 * any size. RFC 5321 4.5.3.1 allows 64 octets before the @ and 255 octets after the @.
 */
const ADDRESS = /(?:"(?:[^"\\]|\\.){1,128}"|[^\s<>"(),;:@]{1,128})@[^\s<>"'(),;:]{1,255}/g;

/** Number of characters that are read from the text of an answer, since a gateway may answer with a page of any size. */
const MAX_READ = 4_000;

/** Returns the first characters of the text of an answer. Only these characters are used to classify the answer. */
export function readable(words: string): string {
  return words.slice(0, MAX_READ);
}

/** Returns the text of an answer for logs and queue message attributes: shortened, and with every address masked. */
export function detailOf(text: unknown): string {
  const words = typeof text === 'string' ? text : String(text ?? '');
  return readable(words).replace(ADDRESS, '<address>').replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL);
}
