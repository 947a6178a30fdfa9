import type { ProviderConfig } from '../contract/providers.ts';
import type { Submission } from '../contract/submission.ts';
import type { Item, NewItem } from '../platform/table.ts';

/** A canary: mail of our own over one provider, to an address of our own, in one slot of time. */
export interface Canary {
  readonly provider: string;
  /** Whole numbers that count on; a second canary of the same slot is the same submission. */
  readonly slot: number;
}

/** What is known of the canaries of a provider: one item. Times are in epoch milliseconds. */
export interface CanaryRecord {
  /** When the first one was sent. */
  readonly since?: number;
  readonly sentSlot?: number;
  /** When the latest one came back. */
  readonly returnedAt?: number;
}

const PREFIX = 'mailover-canary';

/** Key of the item in the state table. */
export const canaryKey = (provider: string) => `canary/${provider}`;

/** The submission id of a canary. */
export function canaryId({ provider, slot }: Canary): string {
  return `${PREFIX}:${provider}:${slot}`;
}

/** The canary that a submission id belongs to; undefined for the mail of producers. */
export function canaryOf(id: string): Canary | undefined {
  const [, provider, slot] = /^mailover-canary:([a-z][a-z0-9-]{0,31}):(\d{1,15})$/.exec(id) ?? [];
  return provider === undefined ? undefined : { provider, slot: Number(slot) };
}

/** The slot of this moment. `everyMs` is in real milliseconds. */
export function slotAt(now: number, everyMs: number): number {
  return Math.floor(now / everyMs);
}

/** What a canary is submitted as: the same for the same slot, whoever builds it and when. */
export function canarySubmission(config: ProviderConfig, slot: number, everyMs: number): Submission | undefined {
  const { key, canary, classes } = config;
  if (canary === undefined) return undefined;
  return {
    version: 1,
    id: canaryId({ provider: key, slot }),
    // A provider that carries some classes only would pass by any other.
    ...(classes?.[0] !== undefined && { class: classes[0] }),
    from: canary.from ?? canary.to,
    to: [canary.to],
    subject: `Mailover canary over ${key}`,
    text: 'This message shows that mail gets through. Nobody needs to read it.',
    // RFC 3834: no out-of-office reply is wanted.
    headers: { 'Auto-Submitted': 'auto-generated' },
    // The next one is due then.
    expiresAt: new Date((slot + 1) * everyMs).toISOString(),
    onUnknown: 'failover',
    providers: { only: [key] },
  };
}

/** Reads the item; what is not in the shape that this release knows is not known. */
export function readCanary(item: Item | undefined): CanaryRecord {
  const number = (name: string) => (typeof item?.[name] === 'number' ? { [name]: item[name] } : {});
  return { ...number('since'), ...number('sentSlot'), ...number('returnedAt') };
}

/** The item after a change; fields that this release does not know stay as they are. */
export function canaryItem(provider: string, item: Item | undefined, change: CanaryRecord): NewItem {
  return { ...item, pk: canaryKey(provider), ...change };
}
