import type { CircuitRecord } from '../circuit/items.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import type { Item, NewItem } from '../platform/table.ts';
import type { Health } from '../providers/provider.ts';

/** Key of the item that remembers when a provider last let us in. */
export const credentialsKey = (provider: string) => `health/${provider}`;

/** The item is written at most so often: a process that is lost loses no more of the truth than this. */
const WRITE_MS = 5 * 60_000;

/** Reasons under which nobody has looked at our credentials, or has found them wrong. */
const NOT_LET_IN = [AUTHENTICATION, 'access-denied', 'secret-unreadable', 'not-usable', 'client-refused'];

/** Whether an answer shows that our credentials were taken, even if the account behind them may not send. */
function letIn({ state, reason }: Health): boolean {
  if (state === 'unreachable') return false;
  return state === 'healthy' || !NOT_LET_IN.includes(reason ?? '');
}

/** What is known of the use of credentials, in epoch milliseconds. */
export interface CredentialUse {
  /** When they were good for the last time; for credentials that never were, when we began to ask. */
  readonly lastGood: number;
  /** The item to write, if it is time to; `expected` is its present revision. */
  readonly write?: { readonly item: NewItem; readonly expected: number | undefined };
}

/**
 * When the credentials were good for the last time: by this answer, by an earlier one, or by mail that the circuit saw
 * accepted. The item is never deleted by age: a provider without it would look new.
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
    letIn(health) ? now : Number.NEGATIVE_INFINITY,
    // A circuit closes when mail was accepted.
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
