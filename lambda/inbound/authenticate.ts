import { createHash, timingSafeEqual } from 'node:crypto';
import type { InboundProvider } from '../contract/inbound-environment.ts';
import type { Clock } from '../platform/clock.ts';
import type { Secret, Secrets } from '../platform/secrets.ts';
import type { Authentication, InboundModule, InboundRequest } from '../providers/inbound.ts';
import { isFrom } from './source-ranges.ts';

/** Between two reads of a secret for the sake of requests that it does not fit: strangers must not cause many. */
const FRESH_MS = 30_000;

/** A request and where it came to. */
export interface Arrival extends InboundRequest {
  readonly key: string;
  readonly path: string;
  /** Of the connection, never of a header. */
  readonly sourceIp: string;
}

/** Whose request it is; the secret that fits goes with a genuine one. */
export type Authenticated =
  | { readonly kind: 'unknown-path' }
  | Extract<Authentication, { kind: 'refused' }>
  | { readonly kind: 'refused'; readonly reason: 'source' }
  | (Extract<Authentication, { kind: 'genuine' }> & { readonly secret: Secret });

/** Judges a request by path, source and signature, with the secret read anew when it does not fit: it may have been rotated. */
export function createAuthenticator(secrets: Secrets, clock: Clock) {
  const freshAt = new Map<string, number>();
  return async (arrival: Arrival, provider: InboundProvider, module: InboundModule): Promise<Authenticated> => {
    const { secretName = '' } = provider;
    const known = await secrets.read(secretName);
    const verdict = judge(arrival, provider, module, known, clock.now());
    if (verdict.kind === 'genuine' || (freshAt.get(secretName) ?? -Infinity) > clock.now() - FRESH_MS) return verdict;
    freshAt.set(secretName, clock.now());
    // The one that is known stands while it cannot be read.
    const fresh = await secrets.read(secretName, true).catch(() => known);
    return judge(arrival, provider, module, fresh, clock.now());
  };
}

function judge(
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
