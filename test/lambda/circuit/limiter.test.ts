import { describe, expect, it } from 'vitest';
import { Limiter, type RateSlot } from '../../../lambda/circuit/limiter.ts';
import type { Asker } from '../../../lambda/circuit/rate.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { manualClock, settled } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const RATE = 20;

describe('several workers with much mail', () => {
  it('keep to the rate together, use it up, and write once for about ten messages', async () => {
    const world = givenWorkers(5);

    const calls = await world.run(30, (second) => (second < 20 ? 40 : 0));

    for (const start of calls) {
      const within = calls.filter((at) => at >= start && at < start + 1_000).length;
      expect(within).toBeLessThanOrEqual(RATE);
    }
    expect(calls.filter((at) => at - world.start < 20_000).length).toBeGreaterThan(0.9 * RATE * 20);
    expect(world.table.writes / 800).toBeLessThan(0.12);
  });

  it('ask messages without a slot to return one after the other', async () => {
    const world = givenWorkers(1);

    const asked = Array.from({ length: 100 }, () => world.take(0, 'backlog'));
    await world.clock.pass(10);
    const slots = await Promise.all(asked);

    const away = slots.flatMap((slot) => (slot.kind === 'away' ? [slot.afterMs] : []));
    expect(away.length).toBeGreaterThan(50);
    const sorted = [...away].sort((a, b) => a - b);
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThanOrEqual(
      (away.length - 1) * (1_000 / (RATE + 1)) - 1,
    );
  });
});

describe('a worker that loses every race for a slot', () => {
  it('sends no message without one', async () => {
    const world = givenWorkers(1);
    let foreign = 0;
    // Another worker writes the item after each read by this worker, before this worker writes.
    world.table.trouble = () => {
      foreign += 1;
      const item = world.table.items.get('rate/postmark') ?? { pk: 'rate/postmark', rev: 0 };
      world.table.items.set('rate/postmark', { ...item, rev: item.rev + 1 });
    };

    const asked = Array.from({ length: 5 }, () => world.take(0, 'backlog'));
    await world.clock.pass(2_000);

    const slots = await Promise.all(asked);
    expect(foreign).toBeGreaterThan(5);
    expect(slots.map(({ kind }) => kind)).toEqual(Array(5).fill('away'));
    for (const slot of slots) expect(slot.kind === 'away' && slot.afterMs).toBeGreaterThanOrEqual(2_000);
  });
});

describe('urgent mail behind bulk that takes the whole rate', () => {
  it('is called within three seconds, or returns within four', async () => {
    const world = givenWorkers(2);
    for (let batch = 0; batch < 20; batch += 1) for (let mail = 0; mail < 10; mail += 1) void world.take(0, 'fresh');
    await world.clock.pass(50);
    const asked = world.clock.now();

    const urgent = Array.from({ length: 30 }, () => world.take(1, 'urgent'));
    await world.clock.pass(200);
    const slots = await Promise.all(urgent);

    const called = slots.flatMap((slot) => (slot.kind === 'at' ? [slot.at - asked] : []));
    expect(called.length).toBeGreaterThan(15);
    expect(Math.max(...called)).toBeLessThanOrEqual(3_100);
    for (const slot of slots) if (slot.kind === 'away') expect(slot.afterMs).toBeLessThanOrEqual(4_000);
  });
});

describe('a quiet provider', () => {
  it('is called at once, apart from a few milliseconds', async () => {
    const world = givenWorkers(1);

    for (let mail = 0; mail < 5; mail += 1) {
      const slot = world.take(0, 'fresh');
      await world.clock.pass(5);
      expect(await slot).toMatchObject({ kind: 'at', at: world.clock.now() });
      await world.clock.pass(1_000);
    }
  });
});

describe('a table that does not answer', () => {
  it('gives no slot, and no message waits for it longer than a moment', async () => {
    const world = givenWorkers(1);
    world.table.behavior = 'hang';
    const slot = world.take(0, 'fresh');

    await world.clock.pass(1_005);

    expect((await slot).kind).toBe('away');
  });

  it('leaves each worker its own part of the rate after five seconds', async () => {
    const world = givenWorkers(5);
    world.table.behavior = 'fail';

    const calls = await world.run(25, () => 40);

    expect(calls.filter((at) => at - world.start < 5_000)).toEqual([]);
    expect(calls.length).toBeGreaterThan(0.8 * RATE * 20);
    for (const start of calls)
      expect(calls.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(RATE + 5);
  });

  it('is used again as soon as it answers', async () => {
    const world = givenWorkers(1);
    world.table.behavior = 'fail';
    await world.run(8, () => 40);
    world.table.behavior = 'work';

    await world.run(3, () => 40);

    expect(world.table.items.get('rate/postmark')?.['state']).toMatchObject({ wanted: { fresh: expect.any(Number) } });
  });
});

describe('a table that throttles', () => {
  it('gives no slot, however long it does', async () => {
    const world = givenWorkers(1);
    world.table.trouble = () => {
      throw Object.assign(new Error('too many writes'), { name: 'ThrottlingException' });
    };

    const calls = await world.run(10, () => 40);

    expect(calls).toEqual([]);
  });

  it('is asked again within a second', async () => {
    const world = givenWorkers(1);
    let throttled = 3;
    world.table.trouble = () => {
      throttled -= 1;
      if (throttled >= 0) throw Object.assign(new Error('too many writes'), { name: 'ThrottlingException' });
    };
    const slot = world.take(0, 'fresh');

    await world.clock.pass(1_000);

    expect((await slot).kind).toBe('at');
  });
});

describe('a table that answers after 400 milliseconds', () => {
  it('gives slots that begin when its answer is expected, so that all are used', async () => {
    const world = givenWorkers(1, 400);

    const calls = await world.run(12, (second) => (second < 10 ? 40 : 0));

    expect(calls.filter((at) => at - world.start > 2_000).length).toBeGreaterThan(0.9 * RATE * 8);
    for (const { at, answered } of world.used) expect(answered - at).toBeLessThanOrEqual(25);
  });
});

function givenWorkers(count: number, delayMs = 0) {
  const clock = manualClock();
  const shared = memoryTable();
  const table = delayMs === 0 ? shared : delayed(shared, clock, delayMs);
  const start = clock.now();
  const limiters = Array.from(
    { length: count },
    () => new Limiter({ provider: 'postmark', perSecond: RATE, workers: count, table, clock, random: () => 0.5 }),
  );
  const take = (worker: number, queueKind: Asker): Promise<RateSlot> => (limiters[worker] as Limiter).take(queueKind);
  const used: { readonly at: number; readonly answered: number }[] = [];
  return {
    clock,
    table: shared,
    start,
    take,
    /** For each slot of the rate limit: the time of the slot, and the time at which a message got the slot. */
    used,
    /** Sends messages each second, in batches of ten, and returns the times at which the provider was called. */
    run: async (seconds: number, mailsIn: (second: number) => number): Promise<number[]> => {
      const calls: number[] = [];
      for (let second = 0; second < seconds; second += 1) {
        for (let mail = 0; mail < mailsIn(second); mail += 1) {
          void take(Math.floor(mail / 10) % count, 'fresh').then((slot) => {
            if (slot.kind !== 'at') return;
            calls.push(slot.at);
            used.push({ at: slot.at, answered: clock.now() });
          });
          if (mail % 10 === 9) {
            await settled();
            await clock.pass(50);
          }
        }
        await clock.pass(1_000 - ((clock.now() - start) % 1_000));
      }
      return calls;
    },
  };
}

/** Returns a table that answers only after `delayMs`. */
function delayed(table: Table, clock: Clock, delayMs: number): Table {
  const late = async <T>(call: Promise<T>): Promise<T> => {
    await clock.sleep(delayMs);
    return call;
  };
  return {
    get: (pk) => late(table.get(pk)),
    getAll: (pks) => late(table.getAll(pks)),
    write: (item, expected) => late(table.write(item, expected)),
  };
}
