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
  /** Returns the state table; undefined while the stack starts. */
  state(): Table | undefined;
  /** Returns the keys of the providers, in the order of the provider list. */
  providers(): readonly string[];
  /** Replaces the sender's processes by new processes, which have no results of earlier attempts in memory. */
  forget(): Promise<void>;
}

/**
 * Adds the routes `GET /api/circuits` and `DELETE /api/circuits`, which return and reset the circuit breakers of all providers.
 */
export function addCircuits(app: FastifyInstance, { state, providers, forget }: CircuitSources): void {
  app.get('/api/circuits', async () => {
    const keys = providers();
    const items = await state()?.getAll(keys.flatMap((key) => [circuitKey(key), switchKey(key)]));
    return keys.map((key) => view(key, items?.get(circuitKey(key)), items?.get(switchKey(key)), Date.now()));
  });
  app.delete('/api/circuits', async (_request, reply) => {
    const table = state();
    await forget();
    // An old process may still make an attempt. When it reads the new `resetAt`, it discards the results of earlier attempts that
    // it has in memory.
    if (table) await Promise.all(providers().map((key) => reset(table, key, Date.now())));
    return reply.code(204).send();
  });
}

/** Returns the state of a provider's circuit breaker in the form of the answer to `GET /api/circuits`. Times are in ISO 8601. */
function view(provider: string, circuitItem: Item | undefined, switchItem: Item | undefined, now: number): object {
  const { circuit, hold } = readCircuitItem(circuitItem);
  const isolation = readIsolation(switchItem);
  return {
    provider,
    ...(isolation && isIsolated(isolation, now) ? isolated(isolation, circuit) : automatic(circuit)),
    ...defined({ heldUntil: hold && hold.until > now ? isoTime(hold.until) : undefined }),
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

/**
 * Resets the circuit breaker of a provider to its state before the first attempt, and ends an isolation of the provider. When the
 * sender's processes read the new `resetAt`, they discard the results of earlier attempts.
 */
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

/**
 * Rescales the times in all circuit breakers, in holds (times without calls after throttling) and in current isolations: the
 * distance of each time from now is divided by `factor`. Called when the clock of the local stack starts to run `factor` times as
 * fast as before.
 */
export async function rescaleCircuits(table: Table, keys: readonly string[], factor: number): Promise<void> {
  const now = Date.now();
  await Promise.all(
    keys.flatMap((key) => [
      write(table, circuitKey(key), (item) => {
        if (!item) return undefined;
        const { circuit, hold } = readCircuitItem(item);
        const moved = {
          circuit: rescaled(circuit, now, factor),
          ...defined({ hold: hold && rescaled(hold, now, factor) }),
        };
        // Processes that were started before the change still use the previous speed, so their results contain wrong times. When
        // they read the new `resetAt`, they discard these results.
        return { ...circuitItem(key, item, moved, now), resetAt: now };
      }),
      write(table, switchKey(key), (item) => {
        const isolation = readIsolation(item);
        return isolation && isIsolated(isolation, now)
          ? switchItem(key, item, rescaled(isolation, now, factor))
          : undefined;
      }),
    ]),
  );
}

const TIMES: ReadonlySet<string> = new Set(['since', 'until', 'at']);
const LEASES: ReadonlySet<string> = new Set(['probe', 'slowProbe']);

/**
 * Returns a copy of the value in which the distance between each time and `now` is divided by `factor`. A time of 0 means "never"
 * and stays 0. The leases of probes are in real time and stay unchanged.
 */
function rescaled<T>(value: T, now: number, factor: number): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [
    name,
    LEASES.has(name)
      ? field
      : typeof field === 'number' && field > 0 && TIMES.has(name)
        ? now + (field - now) / factor
        : rescaled(field, now, factor),
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
      // The item is read and written again, since a request may time out on a busy machine.
      failures += 1;
      if (failures >= MOST_FAILURES) throw error;
    }
  }
}

const MOST_FAILURES = 5;
