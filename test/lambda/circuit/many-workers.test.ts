import { describe, expect, it } from 'vitest';
import { Limiter } from '../../../lambda/circuit/limiter.ts';
import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { settled } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const WORKERS = 50;
const BATCH = 10;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Time after which every worker has used the provider. */
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
    // A worker has no message while it takes its next batch from the queue.
    expect(shared).toBeGreaterThanOrEqual(0.75);
  }, 30_000);
});

function expectWholeRate(calls: readonly number[], rate: number): void {
  const end = calls.at(-1) as number;
  const warm = calls.filter((at) => at >= WARM_MS && at < end);
  const share = warm.length / ((rate * (end - WARM_MS)) / SECOND);
  expect(share).toBeGreaterThanOrEqual(0.97);
  expect(share).toBeLessThanOrEqual(1.03);
  expect(most(calls, 10 * SECOND)).toBeLessThanOrEqual(1.03 * rate * 10);
  // Clocks differ by a tenth of a second.
  expect(most(calls, SECOND)).toBeLessThanOrEqual(1.1 * rate + 1);
}

/** Largest number of calls within any time of this length. */
function most(calls: readonly number[], withinMs: number): number {
  let from = 0;
  return Math.max(
    ...calls.map((at, place) => {
      while (at - (calls[from] as number) >= withinMs) from += 1;
      return place - from + 1;
    }),
  );
}

/** Faults of the table: `draw` is a random number below 1, `at` the time in milliseconds. */
interface Faults {
  throttled?(draw: number, at: number): boolean;
  silent?(at: number): boolean;
}

/** When fifty workers call the provider, in milliseconds from the start; each one always has a batch of ten messages. */
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

/** The table over a network: 1 to 8 milliseconds each way. */
function distant(table: Table, time: Time, random: () => number, { throttled, silent }: Faults): Table {
  const call = async <T>(work: () => Promise<T>, writes: boolean): Promise<T> => {
    await time.sleep(1 + 7 * random());
    if (silent?.(time.now)) return new Promise<never>(() => {});
    if (writes && throttled?.(random(), time.now))
      throw Object.assign(new Error('too many writes'), { name: 'ProvisionedThroughputExceededException' });
    const answer = await work();
    await time.sleep(1 + 7 * random());
    return answer;
  };
  return {
    get: (pk) => call(() => table.get(pk), false),
    getAll: (pks) => call(() => table.getAll(pks), false),
    write: (item, expected) => call(() => table.write(item, expected), true),
  };
}

/** Time that passes in steps of one millisecond. */
class Time {
  now = 0;
  readonly #due = new Map<number, (() => void)[]>();

  /** The clock of one worker, whose error is `skewMs`. */
  clock(skewMs: number): Clock {
    return {
      now: () => START + this.now + skewMs,
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
      const at = this.now + Math.max(1, Math.ceil(ms));
      this.#due.set(at, [...(this.#due.get(at) ?? []), resolve]);
    });
  }

  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; this.now += 1) {
      for (const wake of this.#due.get(this.now) ?? []) wake();
      this.#due.delete(this.now);
      await settled();
    }
  }
}

const START = 1_800_000_000_000;

/** Random numbers below 1, the same at each run. */
function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
