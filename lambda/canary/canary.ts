import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import type { CanaryConfig } from '../contract/providers.ts';
import type { Submission } from '../contract/submission.ts';
import { defined } from '../platform/defined.ts';
import type { Item, NewItem } from '../platform/table.ts';

/**
 * Provider and direction that canaries test. `out`: the provider sends the canaries. `in`: the provider is the only provider
 * that may receive the canaries.
 */
export interface CanaryWay {
  readonly way: 'out' | 'in';
  readonly provider: string;
}

/** The canaries of one provider and direction: test messages to an address of this deployment, one in each interval. */
export interface Canaries extends CanaryWay {
  readonly config: CanaryConfig;
  /** Class of mail of the canaries; set for a provider that sends only some classes of mail. */
  readonly class?: string;
}

/** State of the canaries of one provider and direction, stored as one item. Times are in epoch milliseconds. */
export interface CanaryRecord {
  /** When the health check first ran, or last found the provider isolated: the intervals between canaries are counted from this time. */
  readonly since?: number;
  /** When the latest canary was sent. */
  readonly sentAt?: number;
  /** When the newest of the returned canaries was sent. */
  readonly newestBack?: number;
  /** The address that the canaries are sent to. */
  readonly to?: string;
  /** Secret with which the tokens of the canaries are made, known to Mailover only. */
  readonly secret?: string;
}

/** Header with the token of a canary. */
export const TOKEN_HEADER = 'X-Canary-Token';

/** Returns the key of the canaries' item in the state table. */
export function canaryKey({ way, provider }: CanaryWay): string {
  return way === 'out' ? `canary/${provider}` : `canary/in/${provider}`;
}

/** Returns the submission id of the canary that is due at `dueAt`. */
export function canaryId({ way, provider }: CanaryWay, dueAt: number): string {
  return `${CANARY_PREFIX}${way}:${provider}:${dueAt}`;
}

/**
 * Returns when the latest canary was due; undefined during the first interval. Intervals of `everyMs` real milliseconds are
 * counted from `since`, and a canary is due at the end of each interval.
 */
export function lastDue(now: number, since: number, everyMs: number): number | undefined {
  const slot = Math.floor((now - since) / everyMs);
  return slot < 1 ? undefined : since + slot * everyMs;
}

/** Creates a secret for tokens: 32 random bytes in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Returns the token of the canary that is sent at `sentAt`. The token can be made only with the secret. Therefore a sender
 * without the secret can know a token only from a canary that the sender has received.
 */
export function tokenOf({ way, provider }: CanaryWay, sentAt: number, secret: string): string {
  const name = `${way}.${provider}.${sentAt}`;
  return `${name}.${createHmac('sha256', secret).update(name).digest('base64url')}`;
}

/** Returns the content of a token without verifying it; undefined if the text does not have the form of a token. */
export function readToken(token: string): (CanaryWay & { readonly sentAt: number }) | undefined {
  const [, way, provider, sentAt] =
    /^(out|in)\.([a-z][a-z0-9-]{0,31})\.(0|[1-9]\d{0,14})\.[A-Za-z0-9_-]{43}$/.exec(token.trim()) ?? [];
  if (provider === undefined || (way !== 'out' && way !== 'in')) return undefined;
  return { way, provider, sentAt: Number(sentAt) };
}

/** Whether a token was made with this secret. */
export function isGenuine(token: string, secret: string | undefined): boolean {
  const claimed = readToken(token);
  if (claimed === undefined || secret === undefined) return false;
  return timingSafeEqual(Buffer.from(token.trim()), Buffer.from(tokenOf(claimed, claimed.sentAt, secret)));
}

/**
 * Returns the submission of a canary, without its id. The id is in an attribute of the queue message that is protected by a proof
 * (an HMAC), so that producers cannot set it.
 */
export function canarySubmission(canaries: Canaries, token: string, expiresAt: number): Submission {
  const { way, provider, config } = canaries;
  return {
    version: 1,
    from: config.from ?? config.to,
    to: [config.to],
    subject: way === 'out' ? `Mailover canary over ${provider}` : `Mailover canary to ${provider}`,
    text: 'This test message shows that mail arrives. It need not be read.',
    // Prevents automatic replies (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated', [TOKEN_HEADER]: token },
    // The canary expires when the next canary is due.
    expiresAt: new Date(expiresAt).toISOString(),
    onUnknown: 'failover',
    ...defined({
      // A provider that sends only some classes of mail would be skipped for a canary of another class.
      class: canaries.class,
      // A canary for a receiving provider may be sent through any provider.
      providers: way === 'out' ? { only: [provider] } : undefined,
    }),
  };
}

/** Reads the item of canaries; fields with an unexpected type are left out. */
export function readCanary(item: Item | undefined): CanaryRecord {
  const number = (name: string) => (typeof item?.[name] === 'number' ? { [name]: item[name] } : {});
  const text = (name: string) => (typeof item?.[name] === 'string' ? { [name]: item[name] } : {});
  return {
    ...number('since'),
    ...number('sentAt'),
    ...number('newestBack'),
    ...text('to'),
    ...text('secret'),
  };
}

/** Returns the item after a change. Fields that this version of Mailover does not know are kept. */
export function canaryItem(way: CanaryWay, item: Item | undefined, change: CanaryRecord): NewItem {
  return { ...item, pk: canaryKey(way), ...change };
}
