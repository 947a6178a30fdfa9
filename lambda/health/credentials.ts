import type { CircuitRecord } from '../circuit/items.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import type { Item, NewItem } from '../platform/table.ts';
import type { Health } from '../providers/provider.ts';

/** Key of the item with the time when a provider last accepted our credentials. */
export const credentialsKey = (provider: string) => `health/${provider}`;

/**
 * Shortest time between two writes of the item, in milliseconds. When a new process reads the item, the time in the item may be
 * too early by up to this time.
 */
const WRITE_MS = 5 * 60_000;

/** Reasons that mean our credentials were not checked, or were refused. */
const NOT_ACCEPTED = [AUTHENTICATION, 'access-denied', 'secret-unreadable', 'not-usable', 'client-refused'];

/** Whether an answer shows that our credentials were accepted, even if the account may not send. */
function accepted({ state, reason }: Health): boolean {
  if (state === 'unreachable') return false;
  return state === 'healthy' || !NOT_ACCEPTED.includes(reason ?? '');
}

/** The last time at which a provider accepted our credentials, in epoch milliseconds, and the write that records this time. */
export interface CredentialUse {
  /** When the credentials were last accepted; if never, when the checks began. */
  readonly lastGood: number;
  /** The item to write, if a write is due; `expected` is its current revision. */
  readonly write?: { readonly item: NewItem; readonly expected: number | undefined };
}

/**
 * Returns when the provider last accepted our credentials. The evidence is the answer `health`, an earlier answer, or accepted
 * mail that the circuit breaker has counted. The item never expires: a provider without an item would count as a new provider.
 */
export function credentialUse(
  provider: string,
  health: Health,
  item: Item | undefined,
  { circuit }: CircuitRecord,
  now: number,
): CredentialUse {
  const remembered = typeof item?.['lastGood'] === 'number' ? item['lastGood'] : undefined;
  const seen = Math.max(
    accepted(health) ? now : Number.NEGATIVE_INFINITY,
    // A circuit breaker closes when the provider has accepted a message.
    circuit.kind === 'closed' && circuit.trips > 0 ? circuit.since : Number.NEGATIVE_INFINITY,
    ...(circuit.kind === 'closed'
      ? circuit.window.filter(({ attempts, failures }) => attempts > failures).map(({ at }) => at)
      : []),
  );
  const lastGood = Math.min(now, Math.max(seen, remembered ?? Number.NEGATIVE_INFINITY));
  const known = Number.isFinite(lastGood) ? lastGood : now;
  if (remembered !== undefined && known - remembered < WRITE_MS) return { lastGood: known };
  const wanted: NewItem = { ...item, pk: credentialsKey(provider), lastGood: known };
  return { lastGood: known, write: { item: wanted, expected: item?.rev } };
}
