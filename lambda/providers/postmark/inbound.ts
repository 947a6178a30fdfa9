import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../platform/secrets.ts';
import type { InboundModule, InboundRequest } from '../inbound.ts';
import { readPosted } from './posted.ts';

/** Requests of Postmark's inbound webhook: they have no signature, so a password and the secret path authenticate them. */
export const inbound: InboundModule = {
  authenticate(request, secret) {
    const problem = passwordProblem(request, secret);
    return problem === undefined
      ? { kind: 'genuine', read: () => readPosted(request.body) }
      : { kind: 'refused', reason: problem };
  },
};

function passwordProblem({ headers }: InboundRequest, secret: Secret): 'missing' | 'wrong' | 'no-key' | undefined {
  const { inboundUsername: username, inboundPassword: password, previousInboundPassword: previous } = secret;
  if (!username || !password) return 'no-key';
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(headers['authorization']?.trim() ?? '') ?? [];
  if (encoded === undefined) return 'missing';
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const matches = [password, previous]
    .filter((candidate) => candidate !== undefined && candidate !== '')
    .map((candidate) => same(given, `${username}:${candidate}`));
  return matches.includes(true) ? undefined : 'wrong';
}

/** Constant-time comparison. */
function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
