import type { Secret } from '../platform/secrets.ts';

/** A request as received, before it is authenticated. */
export interface WebhookRequest {
  readonly contentType: string;
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/**
 * Result for a request that is not proven to be from the provider. `missing`: the request has no signature or password. `wrong`:
 * the signature or password is wrong. `stale`: the signature is too old. `early`: the signature has a time in the future.
 * `no-key`: our secret has no key or password for the check.
 */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: 'missing' | 'wrong' | 'stale' | 'early' | 'no-key';
}

/** Result for a request that is proven to be from the provider. */
export interface Genuine<Content> {
  readonly kind: 'genuine';
  /** A token that may be used for one content only, and the hash of this content. */
  readonly once?: { readonly token: string; readonly content: string };
  read(): Content;
}

/** Result of authenticating a request. */
export type Authentication<Content> = Genuine<Content> | Refusal;

/** Code that authenticates and reads the requests that a provider posts. */
export interface WebhookModule<Content> {
  /** Checks that a request is from the provider. Never throws, whatever the request contains. `now` is in epoch milliseconds. */
  authenticate(request: WebhookRequest, secret: Secret, now: number): Authentication<Content>;
}
