import type { Secret } from '../platform/secrets.ts';

/** A request as received, before it is authenticated. */
export interface WebhookRequest {
  readonly contentType: string;
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** A request that is not proven to be from the provider, with the reason. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: 'missing' | 'wrong' | 'stale' | 'early' | 'no-key';
}

/** A request that is proven to be from the provider. */
export interface Genuine<Content> {
  readonly kind: 'genuine';
  /** A token that may be used only once, and the hash of the content to which the token belongs. */
  readonly once?: { readonly token: string; readonly content: string };
  read(): Content;
}

/** Result of authenticating a request. */
export type Authentication<Content> = Genuine<Content> | Refusal;

/** Code that authenticates and reads the requests that a provider posts. */
export interface WebhookModule<Content> {
  /** Checks that a request is from the provider. No content of the request makes it throw. `now` is in epoch milliseconds. */
  authenticate(request: WebhookRequest, secret: Secret, now: number): Authentication<Content>;
}
