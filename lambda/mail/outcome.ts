/**
 * The classified result of one attempt, or of one recipient within it.
 *
 * What a provider, a network or a recipient can do is a value of this type, never an exception.
 * `reason` is a stable kebab-case code for logs and attributes (`authentication`, `rate-limit`, `sender-refused`, …);
 * `detail` is the provider's own words, at most {@link MAX_DETAIL} characters, with addresses masked.
 */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerMessageId: string; readonly detail?: string }
  | { readonly kind: 'throttled'; readonly reason: string; readonly retryAfterMs?: number; readonly detail?: string }
  | {
      readonly kind: 'unavailable';
      /** `outage` counts against the provider by rate; `account` concerns our standing with it and counts at once. */
      readonly blames: 'outage' | 'account';
      readonly reason: string;
      readonly detail?: string;
      /** The provider failed after it had the whole request, and may have taken the mail all the same. */
      readonly maybeTaken?: true;
    }
  | {
      readonly kind: 'refused';
      readonly blames: 'message' | 'recipient';
      readonly reason: string;
      readonly detail?: string;
    }
  | { readonly kind: 'unknown'; readonly reason: string; readonly detail?: string };

/** Longest `detail` kept, in characters. */
const MAX_DETAIL = 500;

/** What one call of a provider came to. */
export interface AttemptResult {
  /** Holds for every recipient that `recipients` does not name. */
  readonly outcome: Outcome;
  /** Recipients (by canonical address) whose outcome differs from the others: partial acceptance. */
  readonly recipients?: ReadonlyMap<string, Outcome>;
}

/** Account refusals with this reason make the sender read the secret once more before it believes them. */
export const AUTHENTICATION = 'authentication';

/** Bounded, since a gateway may answer with a page of any size: RFC 5321 4.5.3.1 allows 64 octets before the @, 255 after it. */
const ADDRESS = /(?:"(?:[^"\\]|\\.){1,128}"|[^\s<>"(),;:@]{1,128})@[^\s<>"'(),;:]{1,255}/g;

/** Read of an answer before addresses are masked. */
const MAX_READ = 4_000;

/** Shortens a provider's words for logs and attributes and masks every address in them. */
export function detailOf(text: unknown): string {
  const words = typeof text === 'string' ? text : String(text ?? '');
  return words.slice(0, MAX_READ).replace(ADDRESS, '<address>').replace(/\s+/g, ' ').trim().slice(0, MAX_DETAIL);
}
