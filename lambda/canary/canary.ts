import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import type { CanaryConfig } from '../contract/providers.ts';
import type { Submission } from '../contract/submission.ts';
import { defined } from '../platform/defined.ts';
import type { Item, NewItem } from '../platform/table.ts';

/** Provider that canaries test: `out` as the provider that sends them, `in` as the only one that receives them. */
export interface CanaryWay {
  readonly way: 'out' | 'in';
  readonly provider: string;
}

/** The canaries of one provider and direction: test messages to our own address, one in each time slot. */
export interface Canaries extends CanaryWay {
  readonly config: CanaryConfig;
  /** Class of the submission, for a provider that carries some classes only. */
  readonly class?: string;
}

/** State of these canaries: one item. Times are in epoch milliseconds. */
export interface CanaryRecord {
  /** When the health check first ran, or an operator last isolated the provider: slots are counted from here. */
  readonly since?: number;
  /** When the latest canary was sent. */
  readonly sentAt?: number;
  /** When the newest of the returned canaries was sent. */
  readonly newestBack?: number;
  /** The address that the canaries are sent to. */
  readonly to?: string;
  /** Key of the tokens, known to Mailover only. */
  readonly secret?: string;
}

/** Header with the token of a canary. */
export const TOKEN_HEADER = 'X-Canary-Token';

/** Key of the item in the state table. */
export function canaryKey({ way, provider }: CanaryWay): string {
  return way === 'out' ? `canary/${provider}` : `canary/in/${provider}`;
}

/** The submission id of the canary that is due at `dueAt`. */
export function canaryId({ way, provider }: CanaryWay, dueAt: number): string {
  return `${CANARY_PREFIX}${way}:${provider}:${dueAt}`;
}

/**
 * When the latest canary was due: slots of `everyMs` real milliseconds count from `since`, and a canary is due at the end
 * of each; undefined during the first slot.
 */
export function lastDue(now: number, since: number, everyMs: number): number | undefined {
  const slot = Math.floor((now - since) / everyMs);
  return slot < 1 ? undefined : since + slot * everyMs;
}

/** A new secret for tokens. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The token of the canary that is sent at this time; it requires the secret, and is otherwise known only to receivers of
 * the canary.
 */
export function tokenOf({ way, provider }: CanaryWay, sentAt: number, secret: string): string {
  const name = `${way}.${provider}.${sentAt}`;
  return `${name}.${createHmac('sha256', secret).update(name).digest('base64url')}`;
}

/** The unverified content of a token; undefined if it has another form. */
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

/** The submission of a canary, without its id, which is an attribute of the message, where producers cannot write it. */
export function canarySubmission(canaries: Canaries, token: string, expiresAt: number): Submission {
  const { way, provider, config } = canaries;
  return {
    version: 1,
    from: config.from ?? config.to,
    to: [config.to],
    subject: way === 'out' ? `Mailover canary over ${provider}` : `Mailover canary to ${provider}`,
    text: 'This message shows that mail gets through. It needs no reading.',
    // RFC 3834: asks for no out-of-office reply.
    headers: { 'Auto-Submitted': 'auto-generated', [TOKEN_HEADER]: token },
    // The time of the next canary.
    expiresAt: new Date(expiresAt).toISOString(),
    onUnknown: 'failover',
    ...defined({
      // A provider that carries some classes only skips all others.
      class: canaries.class,
      // A canary for a receiving provider may be sent through any provider.
      providers: way === 'out' ? { only: [provider] } : undefined,
    }),
  };
}

/** Reads the item; fields of unknown shape are left out. */
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

/** The item after a change; fields unknown to this release are kept. */
export function canaryItem(way: CanaryWay, item: Item | undefined, change: CanaryRecord): NewItem {
  return { ...item, pk: canaryKey(way), ...change };
}
