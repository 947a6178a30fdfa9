import type { Clock } from '../../../lambda/platform/clock.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { settled } from '../../support/manual-clock.ts';

/** Faults of the table: `draw` is a random number below 1, `at` the time in milliseconds. */
export interface Faults {
  throttled?(draw: number, at: number): boolean;
  silent?(at: number): boolean;
}

/** Returns the table as a worker reaches it over a network: a request takes 1 to 8 milliseconds, and so does its answer. */
export function distant(table: Table, time: Time, random: () => number, { throttled, silent }: Faults): Table {
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

/** Simulated time, which passes in steps of one millisecond. */
export class Time {
  now = 0;
  readonly #due = new Map<number, (() => void)[]>();

  /** Returns the clock of one worker; this clock is `skewMs` milliseconds ahead. */
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

/** Returns a generator of random numbers below 1. The same seed always gives the same numbers. */
export function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
