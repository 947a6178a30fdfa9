import { describe, expect, it } from 'vitest';
import { Limiter } from '../../../lambda/circuit/limiter.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { distant, drawsOf, type Faults, Time } from './distant-table.ts';

const WORKERS = 50;
const BATCH = 10;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** After this time every worker has called the provider at least once. */
const WARM_MS = 5 * SECOND;

describe.each([1_000, 300, 14])('fifty workers with more mail than %d a second', (rate) => {
  it('use the whole rate and no more', async () => {
    const calls = await callsOf(rate);

    expectWholeRate(calls, rate);
  });

  it('do so although every third write of the rate item is throttled', async () => {
    const calls = await callsOf(rate, { throttled: (draw) => draw < 1 / 3 });

    expectWholeRate(calls, rate);
  });

  it('exceed it at no time while every write is throttled, and use it again afterwards', async () => {
    const calls = await callsOf(rate, { throttled: (_, at) => at > 10 * SECOND && at < 15 * SECOND });

    expect(most(calls, SECOND)).toBeLessThanOrEqual(1.1 * rate + 1);
    expect(calls.filter((at) => at > 13 * SECOND && at < 15 * SECOND)).toEqual([]);
    expect(calls.filter((at) => at >= 20 * SECOND && at < 25 * SECOND).length).toBeGreaterThanOrEqual(
      0.97 * rate * 5 - 1,
    );
  });

  it('share it among themselves once the table has been silent for five seconds', async () => {
    const calls = await callsOf(rate, { silent: (at) => at > 10 * SECOND });

    expect(most(calls, 10 * SECOND)).toBeLessThanOrEqual(1.15 * rate * 10);
    expect(calls.filter((at) => at > 13 * SECOND && at < 15 * SECOND)).toEqual([]);
    const [from, to] = [20 * SECOND, MINUTE];
    const shared = calls.filter((at) => at >= from && at < to).length / ((rate * (to - from)) / SECOND);
    expect(shared).toBeLessThanOrEqual(1.03);
    // The workers do not use the whole rate: a worker has no message while it takes its next batch from the queue.
    expect(shared).toBeGreaterThanOrEqual(0.75);
  }, 30_000);
});

// At a low rate each worker gets a slot of the rate limit only every few seconds. Only then does the worker notice that the table
// answers again.
it.each([
  [1_000, 1.05],
  [300, 1.05],
  [14, 1.1],
])(
  'fifty workers with %d a second keep to %d times that when a silent table answers again',
  async (rate, limit) => {
    const calls = await callsOf(rate, { silent: (at) => at > 10 * SECOND && at < 30 * SECOND });

    expect(most(calls, 10 * SECOND)).toBeLessThanOrEqual(limit * rate * 10);
    const later = calls.filter((at) => at >= 40 * SECOND && at < 50 * SECOND);
    expect(later.length).toBeGreaterThanOrEqual(0.97 * rate * 10 - 1);
  },
  30_000,
);

function expectWholeRate(calls: readonly number[], rate: number): void {
  const end = calls.at(-1) as number;
  const warm = calls.filter((at) => at >= WARM_MS && at < end);
  const share = warm.length / ((rate * (end - WARM_MS)) / SECOND);
  expect(share).toBeGreaterThanOrEqual(0.97);
  expect(share).toBeLessThanOrEqual(1.03);
  expect(most(calls, 10 * SECOND)).toBeLessThanOrEqual(1.03 * rate * 10);
  // The test allows ten percent more than the rate, since the clocks of the workers differ by a tenth of a second.
  expect(most(calls, SECOND)).toBeLessThanOrEqual(1.1 * rate + 1);
}

/** Returns the largest number of calls in any period of `withinMs` milliseconds. */
function most(calls: readonly number[], withinMs: number): number {
  let from = 0;
  return Math.max(
    ...calls.map((at, place) => {
      while (at - (calls[from] as number) >= withinMs) from += 1;
      return place - from + 1;
    }),
  );
}

/**
 * Returns the times at which fifty workers call the provider, in milliseconds from the start; each worker always has a batch of
 * ten messages.
 */
async function callsOf(rate: number, faults: Faults = {}): Promise<number[]> {
  const time = new Time();
  const random = drawsOf(7);
  const shared = memoryTable();
  const calls: number[] = [];
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const clock = time.clock(Math.round(100 * random()) - 50);
    const table = distant(shared, time, random, faults);
    const limiter = new Limiter({ provider: 'postmark', perSecond: rate, workers: WORKERS, table, clock, random });
    const sendOne = async (): Promise<boolean> => {
      const slot = await limiter.take('fresh');
      if (slot.kind === 'away') return false;
      await clock.sleep(slot.at - clock.now());
      if (!(await slot.isValid())) return sendOne();
      calls.push(time.now);
      await clock.sleep(50 + 100 * random());
      return true;
    };
    void (async () => {
      for (;;) {
        const sent = await Promise.all(Array.from({ length: BATCH }, sendOne));
        await clock.sleep((sent.includes(true) ? 5 : 100) + 20 * random());
      }
    })();
  }
  await time.pass(faults.silent ? MINUTE : 30 * SECOND);
  return calls;
}
