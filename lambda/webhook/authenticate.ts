import type { Clock } from '../platform/clock.ts';
import { isSameText } from '../platform/same-text.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import type { Genuine, Refusal, WebhookModule, WebhookRequest } from '../providers/webhook.ts';
import { isFrom } from './source-ranges.ts';

/**
 * Shortest time, in milliseconds, between two reads of a secret because a request does not match it. Therefore forged requests
 * cause few reads.
 */
const FRESH_MS = 30_000;

/** A request, and the variable parts of the path to which it was sent: the provider's `key`, and the secret part (`path`). */
export interface Arrival extends WebhookRequest {
  readonly key: string;
  readonly path: string;
  /** Source address of the connection, never taken from a header. */
  readonly sourceIp: string;
}

/** Result of the check of a request. For a genuine request, the result includes the secret that matched. */
export type Authenticated<Content> =
  | { readonly kind: 'unknown-path' }
  | Refusal
  | { readonly kind: 'refused'; readonly reason: 'source' }
  | (Genuine<Content> & { readonly secret: Secret });

interface Posting {
  /** Name of the secret with path, keys and passwords. */
  readonly secretName?: string;
  /** IP address ranges that the provider's requests come from; absent if they may come from any address. */
  readonly sourceRanges?: readonly string[];
}

/** Field of the provider's secret that contains the secret part of the path. */
type PathField = 'inboundPath' | 'eventsPath';

/**
 * Creates the function that checks requests by path, source address and signature. If a request does not match the secret,
 * the secret is read again, since it may have been rotated.
 */
export function createAuthenticator(secrets: Secrets, clock: Clock, pathField: PathField) {
  const freshAt = new Map<string, number>();
  return async <Content>(
    arrival: Arrival,
    provider: Posting,
    module: WebhookModule<Content>,
  ): Promise<Authenticated<Content>> => {
    const { secretName = '' } = provider;
    const known = await secrets.read(secretName);
    const result = checkRequest(arrival, provider, module, known);
    if (result.kind === 'genuine' || (freshAt.get(secretName) ?? -Infinity) > clock.now() - FRESH_MS) return result;
    freshAt.set(secretName, clock.now());
    // If the secret cannot be read, the cached value is used.
    const fresh = await secrets.read(secretName, true).catch(() => known);
    return checkRequest(arrival, provider, module, fresh);
  };

  function checkRequest<Content>(
    arrival: Arrival,
    { sourceRanges }: Posting,
    module: WebhookModule<Content>,
    secret: Secret,
  ): Authenticated<Content> {
    const path = secret[pathField];
    if (!path || !isSameText(path, arrival.path)) return { kind: 'unknown-path' };
    if (!isFrom(sourceRanges, arrival.sourceIp)) return { kind: 'refused', reason: 'source' };
    const authentication = module.authenticate(arrival, secret, clock.now());
    return authentication.kind === 'genuine' ? { ...authentication, secret } : authentication;
  }
}
