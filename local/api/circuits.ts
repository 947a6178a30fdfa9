import type { FastifyInstance } from 'fastify';
import { type Circuit, UNTRIED } from '../../lambda/circuit/circuit.ts';
import { type Isolation, isIsolated } from '../../lambda/circuit/isolation.ts';
import {
  circuitItem,
  circuitKey,
  readCircuitItem,
  readIsolation,
  switchItem,
  switchKey,
} from '../../lambda/circuit/items.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import type { Item, NewItem, Table } from '../../lambda/platform/table.ts';

export interface CircuitSources {
  /** The state table; undefined while the stack starts. */
  state(): Table | undefined;
  /** Keys of the providers, in the order of the list. */
  providers(): readonly string[];
  /** Replaces the sender's processes by new ones, which have no experience of the providers. */
  forget(): Promise<void>;
}

/** Adds `GET` and `DELETE /api/circuits`. */
export function addCircuits(app: FastifyInstance, { state, providers, forget }: CircuitSources): void {
  app.get('/api/circuits', async () => {
    const keys = providers();
    const items = await state()?.getAll(keys.flatMap((key) => [circuitKey(key), switchKey(key)]));
    return keys.map((key) => view(key, items?.get(circuitKey(key)), items?.get(switchKey(key)), Date.now()));
  });
  app.delete('/api/circuits', async (_request, reply) => {
    const table = state();
    await forget();
    // Work in progress ends by what its process had learned before; after the reset the process cannot write that to
    // the table.
    if (table) await Promise.all(providers().map((key) => reset(table, key, Date.now())));
    return reply.code(204).send();
  });
}

/** State of one provider in `GET /api/circuits`; times as ISO 8601. */
function view(provider: string, circuitItem: Item | undefined, switchItem: Item | undefined, now: number): object {
  const { circuit, hold } = readCircuitItem(circuitItem);
  const isolation = readIsolation(switchItem);
  return {
    provider,
    ...(isolation && isIsolated(isolation, now) ? isolated(isolation, circuit) : automatic(circuit)),
    ...(hold && hold.until > now && { heldUntil: isoTime(hold.until) }),
  };
}

function isolated({ since, until, reason, who }: Isolation, { kind }: Circuit): object {
  return { state: 'isolated', since: isoTime(since), until: isoTime(until), reason, who, circuit: kind };
}

function automatic(circuit: Circuit): object {
  const { kind: state, since, trips } = circuit;
  switch (circuit.kind) {
    case 'closed':
      return { state, ...(since > 0 && { since: isoTime(since), trips }) };
    case 'open':
      return { state, since: isoTime(since), until: isoTime(circuit.until), ...circuit.cause, trips };
    case 'half-open': {
      const { cause, probe } = circuit;
      return { state, since: isoTime(since), ...defined({ until: probe && isoTime(probe.until) }), ...cause, trips };
    }
  }
}

/** Sets the circuit to untried and ends an isolation; by `resetAt` workers discard earlier results. */
async function reset(table: Table, key: string, now: number): Promise<void> {
  await write(table, circuitKey(key), (item) => ({
    ...circuitItem(key, item, { circuit: UNTRIED }, now),
    resetAt: now,
  }));
  await write(table, switchKey(key), (item) => {
    const isolation = readIsolation(item);
    return isolation && isIsolated(isolation, now) ? switchItem(key, item, { ...isolation, until: now }) : undefined;
  });
}

/** Rescales the running waits of all circuits and isolations for a clock that runs `factor` times as fast from now. */
export async function rescaleCircuits(table: Table, keys: readonly string[], factor: number): Promise<void> {
  const now = Date.now();
  await Promise.all(
    keys.flatMap((key) => [
      write(table, circuitKey(key), (item) => {
        if (!item) return undefined;
        const { circuit, hold } = readCircuitItem(item);
        const moved = { circuit: move(circuit, now, factor), ...defined({ hold: hold && move(hold, now, factor) }) };
        // The reset discards later reports of workers that still run at the previous speed, since their times are
        // wrong.
        return { ...circuitItem(key, item, moved, now), resetAt: now };
      }),
      write(table, switchKey(key), (item) => {
        const isolation = readIsolation(item);
        return isolation && isIsolated(isolation, now)
          ? switchItem(key, item, move(isolation, now, factor))
          : undefined;
      }),
    ]),
  );
}

const TIMES: ReadonlySet<string> = new Set(['since', 'until', 'at']);
const LEASES: ReadonlySet<string> = new Set(['probe', 'doubt']);

/**
 * A copy of the value in which each time is `factor` times nearer to now; 0 means never. Leases of attempts in
 * progress are in real time and stay.
 */
function move<T>(value: T, now: number, factor: number): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [
    name,
    LEASES.has(name)
      ? field
      : typeof field === 'number' && field > 0 && TIMES.has(name)
        ? now + (field - now) / factor
        : move(field, now, factor),
  ]);
  return (Array.isArray(value) ? entries.map(([, field]) => field) : Object.fromEntries(entries)) as T;
}

async function write(table: Table, pk: string, step: (item: Item | undefined) => NewItem | undefined): Promise<void> {
  for (let failures = 0; ; ) {
    try {
      const item = await table.get(pk);
      const wanted = step(item);
      if (!wanted || (await table.write(wanted, item?.rev)).done) return;
    } catch (error) {
      // On a busy machine a read may time out.
      failures += 1;
      if (failures >= MOST_FAILURES) throw error;
    }
  }
}

const MOST_FAILURES = 5;
