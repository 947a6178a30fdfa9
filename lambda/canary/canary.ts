import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import type { CanaryConfig } from '../contract/providers.ts';
import type { Submission } from '../contract/submission.ts';
import type { Item, NewItem } from '../platform/table.ts';

/** One way that canaries prove: `out` is the provider that they are sent over, `in` the one that alone receives them. */
export interface CanaryWay {
  readonly way: 'out' | 'in';
  readonly provider: string;
}

/** The canaries of one way: mail of our own to an address of our own, one in each slot of time. */
export interface Canaries extends CanaryWay {
  readonly config: CanaryConfig;
  /** Class of the submission, for a provider that carries some only. */
  readonly class?: string;
}

/** What is known of the canaries of a way: one item. Times are in epoch milliseconds. */
export interface CanaryRecord {
  /** When the health check first looked, or an operator last held the provider back: slots are counted from here. */
  readonly since?: number;
  /** When the latest one was sent. */
  readonly sentAt?: number;
  /** When the newest one that came back had been sent. */
  readonly newestBack?: number;
  /** The address that they are sent to. */
  readonly to?: string;
  /** Makes the tokens; nobody but Mailover has it. */
  readonly secret?: string;
}

/** Header that brings the token of a canary back. */
export const TOKEN_HEADER = 'X-Canary-Token';

/** Key of the item in the state table. */
export function canaryKey({ way, provider }: CanaryWay): string {
  return way === 'out' ? `canary/${provider}` : `canary/in/${provider}`;
}

/** The submission id of the canary that is due at this time. */
export function canaryId({ way, provider }: CanaryWay, dueAt: number): string {
  return `${CANARY_PREFIX}${way}:${provider}:${dueAt}`;
}

/** When the latest canary was due, in slots of `everyMs` real milliseconds from `since` on; the first one at the end of the first slot. */
export function lastDue(now: number, since: number, everyMs: number): number | undefined {
  const slot = Math.floor((now - since) / everyMs);
  return slot < 1 ? undefined : since + slot * everyMs;
}

/** A new secret for the tokens of a way. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The token of the canary that is sent at this time: only who knows the secret, or got that mail, has it. */
export function tokenOf({ way, provider }: CanaryWay, sentAt: number, secret: string): string {
  const name = `${way}.${provider}.${sentAt}`;
  return `${name}.${createHmac('sha256', secret).update(name).digest('base64url')}`;
}

/** What a token says of itself, which anybody can write; undefined if it is none. */
export function readToken(token: string): (CanaryWay & { readonly sentAt: number }) | undefined {
  const [, way, provider, sentAt] =
    /^(out|in)\.([a-z][a-z0-9-]{0,31})\.(\d{1,15})\.[A-Za-z0-9_-]{43}$/.exec(token.trim()) ?? [];
  if (provider === undefined || (way !== 'out' && way !== 'in')) return undefined;
  return { way, provider, sentAt: Number(sentAt) };
}

/** Whether a token was made with the secret of its way. */
export function isGenuine(token: string, secret: string | undefined): boolean {
  const said = readToken(token);
  if (said === undefined || secret === undefined) return false;
  return timingSafeEqual(Buffer.from(token.trim()), Buffer.from(tokenOf(said, said.sentAt, secret)));
}

/** What a canary is submitted as, without its id: that one is told beside the body, where no producer can write it. */
export function canarySubmission(canaries: Canaries, token: string, expiresAt: number): Submission {
  const { way, provider, config } = canaries;
  return {
    version: 1,
    // A provider that carries some classes only would pass by any other.
    ...(canaries.class !== undefined && { class: canaries.class }),
    from: config.from ?? config.to,
    to: [config.to],
    subject: way === 'out' ? `Mailover canary over ${provider}` : `Mailover canary to ${provider}`,
    text: 'This message shows that mail gets through. Nobody needs to read it.',
    // RFC 3834: no out-of-office reply is wanted.
    headers: { 'Auto-Submitted': 'auto-generated', [TOKEN_HEADER]: token },
    // The next one is due then.
    expiresAt: new Date(expiresAt).toISOString(),
    onUnknown: 'failover',
    // What proves a way in may take any way out.
    ...(way === 'out' && { providers: { only: [provider] } }),
  };
}

/** Reads the item; what is not in the shape that this release knows is not known. */
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

/** The item after a change; fields that this release does not know stay as they are. */
export function canaryItem(way: CanaryWay, item: Item | undefined, change: CanaryRecord): NewItem {
  return { ...item, pk: canaryKey(way), ...change };
}
