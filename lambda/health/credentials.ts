import type { CircuitRecord } from '../circuit/items.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import type { Item, NewItem } from '../platform/table.ts';
import type { Health } from '../providers/provider.ts';

/** Key of the item with the time when a provider last accepted our credentials. */
export const credentialsKey = (provider: string) => `health/${provider}`;

/** Least time between two writes of the item, and so the largest error after a crash. */
const WRITE_MS = 5 * 60_000;

/** Reasons that mean our credentials were not checked, or were refused. */
const NOT_ACCEPTED = [AUTHENTICATION, 'access-denied', 'secret-unreadable', 'not-usable', 'client-refused'];

/** Whether an answer shows that our credentials were accepted, even if the account may not send. */
function accepted({ state, reason }: Health): boolean {
  if (state === 'unreachable') return false;
  return state === 'healthy' || !NOT_ACCEPTED.includes(reason ?? '');
}

/** Last use of credentials, in epoch milliseconds. */
export interface CredentialUse {
  /** When the credentials were last accepted; if never, when the checks began. */
  readonly lastGood: number;
  /** The item to write, if a write is due; `expected` is its current revision. */
  readonly write?: { readonly item: NewItem; readonly expected: number | undefined };
}

/**
 * When the credentials were last accepted: according to this answer, an earlier one, or accepted mail that the circuit
 * has counted. The item never expires: a provider without it would look new.
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
    // A circuit closes when a message was accepted.
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
