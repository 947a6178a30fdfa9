import type { Secret } from '../platform/secrets.ts';

/** A request as received, before it is authenticated. */
export interface WebhookRequest {
  readonly contentType: string;
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Why a request is not from the provider, as far as that is known. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: 'missing' | 'wrong' | 'stale' | 'early' | 'no-key';
}

/** A request of the provider. */
export interface Genuine<Content> {
  readonly kind: 'genuine';
  /** A token that may be used once, and the hash of the content that it belongs to. */
  readonly once?: { readonly token: string; readonly content: string };
  read(): Content;
}

/** Whether a request comes from the provider. */
export type Authentication<Content> = Genuine<Content> | Refusal;

/** Reading the requests that a provider posts. */
export interface WebhookModule<Content> {
  /** Never throws for any content of the request. `now` is in epoch milliseconds. */
  authenticate(request: WebhookRequest, secret: Secret, now: number): Authentication<Content>;
}
