import { createHash, timingSafeEqual } from 'node:crypto';
import type { InboundProvider } from '../contract/inbound-environment.ts';
import type { Clock } from '../platform/clock.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import type { Authentication, InboundModule, InboundRequest } from '../providers/inbound.ts';
import { isFrom } from './source-ranges.ts';

/**
 * Least time between two reads of a secret because of requests that it does not match, so that forged requests cause few.
 */
const FRESH_MS = 30_000;

/** A request and the path parts that it was sent to. */
export interface Arrival extends InboundRequest {
  readonly key: string;
  readonly path: string;
  /** Source address of the connection, never of a header. */
  readonly sourceIp: string;
}

/** Result of the check; a genuine request comes with the secret that matched. */
export type Authenticated =
  | { readonly kind: 'unknown-path' }
  | Extract<Authentication, { kind: 'refused' }>
  | { readonly kind: 'refused'; readonly reason: 'source' }
  | (Extract<Authentication, { kind: 'genuine' }> & { readonly secret: Secret });

/**
 * Checks requests by path, source and signature. If the secret does not match, it is read again: it may have been
 * rotated.
 */
export function createAuthenticator(secrets: Secrets, clock: Clock) {
  const freshAt = new Map<string, number>();
  return async (arrival: Arrival, provider: InboundProvider, module: InboundModule): Promise<Authenticated> => {
    const { secretName = '' } = provider;
    const known = await secrets.read(secretName);
    const result = checkRequest(arrival, provider, module, known, clock.now());
    if (result.kind === 'genuine' || (freshAt.get(secretName) ?? -Infinity) > clock.now() - FRESH_MS) return result;
    freshAt.set(secretName, clock.now());
    // If the secret cannot be read, the cached one is used.
    const fresh = await secrets.read(secretName, true).catch(() => known);
    return checkRequest(arrival, provider, module, fresh, clock.now());
  };
}

function checkRequest(
  arrival: Arrival,
  { sourceRanges }: InboundProvider,
  module: InboundModule,
  secret: Secret,
  now: number,
): Authenticated {
  const { inboundPath } = secret;
  if (!inboundPath || !same(inboundPath, arrival.path)) return { kind: 'unknown-path' };
  if (!isFrom(sourceRanges, arrival.sourceIp)) return { kind: 'refused', reason: 'source' };
  const authentication = module.authenticate(arrival, secret, now);
  return authentication.kind === 'genuine' ? { ...authentication, secret } : authentication;
}

function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
