import { defined } from '../platform/defined.ts';
import type { Item, NewItem } from '../platform/table.ts';
import { type Circuit, type OpenCause, type ProbeLease, UNTRIED } from './circuit.ts';
import type { RetryAfterHold } from './hold.ts';
import type { Isolation } from './isolation.ts';
import type { Bucket } from './window.ts';

/** Keys of the items in the state table. */
export const circuitKey = (provider: string) => `circuit/${provider}`;
export const switchKey = (provider: string) => `switch/${provider}`;

/** Automatic state of one provider, stored as one item. */
export interface CircuitRecord {
  readonly circuit: Circuit;
  readonly hold?: RetryAfterHold;
}

const NOTHING: CircuitRecord = { circuit: UNTRIED };

/** Lifetime of an item since its last write. */
const KEEP_MS = 30 * 24 * 3_600_000;

/** Reads a circuit item; an item of unknown shape reads as closed. */
export function readCircuitItem(item: Item | undefined): CircuitRecord {
  if (!item) return NOTHING;
  const hold = readHold(item['hold']);
  return { circuit: readCircuit(item['state']) ?? UNTRIED, ...defined({ hold }) };
}

/** The item to write; fields unknown to this release are kept. */
export function circuitItem(provider: string, item: Item | undefined, record: CircuitRecord, now: number): NewItem {
  const { circuit: state, hold } = record;
  return { ...item, pk: circuitKey(provider), state, hold, expires: Math.ceil((now + KEEP_MS) / 1_000) };
}

/** Reads an operator's switch; undefined if a required field is missing. */
export function readIsolation(item: Item | undefined): Isolation | undefined {
  const { since, until, reason, who } = fields(item);
  if (typeof since !== 'number' || typeof until !== 'number') return undefined;
  return { since, until, reason: String(reason ?? ''), who: String(who ?? '') };
}

/** The switch item to write; it is kept for some time after its end, so that workers can see the end. */
export function switchItem(provider: string, item: Item | undefined, isolation: Isolation): NewItem {
  return { ...item, pk: switchKey(provider), ...isolation, expires: Math.ceil((isolation.until + KEEP_MS) / 1_000) };
}

function readCircuit(value: unknown): Circuit | undefined {
  const { kind, since, trips, until, window, cause, probe, at, doubt } = fields(value);
  if (typeof since !== 'number' || typeof trips !== 'number') return undefined;
  switch (kind) {
    case 'closed': {
      const known = readProbe(doubt);
      const buckets = Array.isArray(window) ? window.flatMap(readBucket) : [];
      return { kind, since, trips, window: buckets, ...defined({ doubt: known }) };
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
  return typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {};
}
