import { describe, expect, it } from 'vitest';
import { Limiter, type RateSlot } from '../../../lambda/circuit/limiter.ts';
import type { Lane } from '../../../lambda/circuit/rate.ts';
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
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThanOrEqual((away.length - 1) * (1_000 / RATE) - 1);
  });
});

describe('a worker that loses every race for a slot', () => {
  it('sends no message without one', async () => {
    const world = givenWorkers(1);
    let foreign = 0;
    // Between each read and write of this worker another one writes.
    world.table.trouble = () => {
      foreign += 1;
      const item = world.table.items.get('rate/postmark') ?? { pk: 'rate/postmark', rev: 0 };
      world.table.items.set('rate/postmark', { ...item, rev: item.rev + 1 });
    };

    const asked = Array.from({ length: 5 }, () => world.take(0, 'backlog'));
    await world.clock.pass(100);

    const slots = await Promise.all(asked);
    expect(foreign).toBeGreaterThan(5);
    expect(slots.map(({ kind }) => kind)).toEqual(Array(5).fill('away'));
    for (const slot of slots) expect(slot.kind === 'away' && slot.afterMs).toBeGreaterThanOrEqual(2_000);
  });
});

describe('a quiet provider', () => {
  it('is called at once, apart from a few milliseconds', async () => {
    const world = givenWorkers(1);

    for (let mail = 0; mail < 5; mail += 1) {
      const slot = world.take(0, 'fresh');
      await world.clock.pass(5);
      expect(await slot).toEqual({ kind: 'at', at: world.clock.now() });
      await world.clock.pass(1_000);
    }
  });
});

describe('without the table', () => {
  it('each worker keeps to the rate by itself', async () => {
    const world = givenWorkers(1);
    world.table.mood = 'fail';

    const calls = await world.run(10, () => 40);

    for (const start of calls)
      expect(calls.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(RATE);
    expect(calls.length).toBeGreaterThan(150);
  });

  it('no message waits for it longer than a moment', async () => {
    const world = givenWorkers(1);
    world.table.mood = 'hang';
    const slot = world.take(0, 'fresh');

    await world.clock.pass(305);

    expect((await slot).kind).toBe('at');
  });
});

function givenWorkers(count: number) {
  const clock = manualClock();
  const table = memoryTable();
  const start = clock.now();
  const limiters = Array.from(
    { length: count },
    () => new Limiter({ provider: 'postmark', perSecond: RATE, table, clock, random: () => 0.5 }),
  );
  const take = (worker: number, lane: Lane): Promise<RateSlot> => (limiters[worker] as Limiter).take(lane);
  return {
    clock,
    table,
    start,
    take,
    /** Sends messages each second, in batches of ten, and returns when the provider was called. */
    run: async (seconds: number, mailsIn: (second: number) => number): Promise<number[]> => {
      const calls: number[] = [];
      for (let second = 0; second < seconds; second += 1) {
        for (let mail = 0; mail < mailsIn(second); mail += 1) {
          void take(Math.floor(mail / 10) % count, 'fresh').then((slot) => {
            if (slot.kind === 'at') calls.push(slot.at);
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
