import { defined } from '../platform/defined.ts';
import { isObject } from '../platform/is-object.ts';
import type { Item, NewItem } from '../platform/table.ts';
import { type Circuit, type OpenCause, type ProbeLease, UNTRIED } from './circuit.ts';
import type { RetryAfterHold } from './hold.ts';
import type { Isolation } from './isolation.ts';
import type { Bucket } from './window.ts';

/** Keys of the two items of a provider in the state table: its circuit breaker, and its isolation by an operator (the switch). */
export const circuitKey = (provider: string) => `circuit/${provider}`;
export const switchKey = (provider: string) => `switch/${provider}`;

/**
 * The part of a provider's state that changes without an operator: its circuit breaker, and the time for which no worker calls
 * the provider after the provider has throttled (the hold). This part is stored as one item.
 */
export interface CircuitRecord {
  readonly circuit: Circuit;
  readonly hold?: RetryAfterHold;
}

const NOTHING: CircuitRecord = { circuit: UNTRIED };

/** Time for which an item is kept after it was last written, in milliseconds. */
const KEEP_MS = 30 * 24 * 3_600_000;

/**
 * Reads the circuit breaker and the hold of a provider from their item. If the fields of the item are not as expected, the
 * circuit counts as closed.
 */
export function readCircuitItem(item: Item | undefined): CircuitRecord {
  if (!item) return NOTHING;
  const hold = readHold(item['hold']);
  return { circuit: readCircuit(item['state']) ?? UNTRIED, ...defined({ hold }) };
}

/** Returns the circuit item to write. Fields of `item` that this release does not know are kept. */
export function circuitItem(provider: string, item: Item | undefined, record: CircuitRecord, now: number): NewItem {
  const { circuit: state, hold } = record;
  return { ...item, pk: circuitKey(provider), state, hold, expires: Math.ceil((now + KEEP_MS) / 1_000) };
}

/** Reads the isolation of a provider from its item; undefined if the item or a required field is missing. */
export function readIsolation(item: Item | undefined): Isolation | undefined {
  const { since, until, reason, who } = fields(item);
  if (typeof since !== 'number' || typeof until !== 'number') return undefined;
  return { since, until, reason: String(reason ?? ''), who: String(who ?? '') };
}

/**
 * Returns the item to write for an isolation. The item is kept for some time after the end of the isolation, so that workers can
 * read when the isolation ended.
 */
export function switchItem(provider: string, item: Item | undefined, isolation: Isolation): NewItem {
  return { ...item, pk: switchKey(provider), ...isolation, expires: Math.ceil((isolation.until + KEEP_MS) / 1_000) };
}

function readCircuit(value: unknown): Circuit | undefined {
  const { kind, since, trips, until, window, cause, probe, at, slowProbe } = fields(value);
  if (typeof since !== 'number' || typeof trips !== 'number') return undefined;
  switch (kind) {
    case 'closed': {
      const known = readProbe(slowProbe);
      const buckets = Array.isArray(window) ? window.flatMap(readBucket) : [];
      return { kind, since, trips, window: buckets, ...defined({ slowProbe: known }) };
    }
    case 'open':
      return typeof until === 'number' ? { kind, since, trips, until, cause: readCause(cause) } : undefined;
    case 'half-open': {
      const known = readProbe(probe);
      const ended = typeof at === 'number' && { at };
      return { kind, since, trips, cause: readCause(cause), ...defined({ probe: known }), ...ended };
    }
    default:
      return undefined;
  }
}

function readBucket(value: unknown): Bucket[] {
  const { at, attempts, failures } = fields(value);
  const good = typeof at === 'number' && typeof attempts === 'number' && typeof failures === 'number';
  return good ? [{ at, attempts, failures }] : [];
}

function readCause(value: unknown): OpenCause {
  const { blames, reason } = fields(value);
  return { blames: blames === 'account' ? 'account' : 'outage', reason: String(reason ?? '') };
}

function readProbe(value: unknown): ProbeLease | undefined {
  const { by, until } = fields(value);
  return typeof by === 'string' && typeof until === 'number' ? { by, until } : undefined;
}

function readHold(value: unknown): RetryAfterHold | undefined {
  const { since, until, unnamed } = fields(value);
  if (typeof since !== 'number' || typeof until !== 'number') return undefined;
  return { since, until, unnamed: typeof unnamed === 'number' ? unnamed : 0 };
}

function fields(value: unknown): { readonly [name: string]: unknown } {
  return isObject(value) ? value : {};
}
