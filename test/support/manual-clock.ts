import type { Clock } from '../../lambda/platform/clock.ts';

/** A clock whose time changes only when the test sets or advances it. */
export interface ManualClock extends Clock {
  /**
   * Advances the time by `ms` milliseconds. Ends the sleeps that become due during this time, in the order of their due times.
   */
  pass(ms: number): Promise<void>;
  /** Sets the time, but ends no sleep, even if the sleep is due. */
  set(time: number): void;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/**
 * Makes a clock that starts at an arbitrary time. After a sleep ends, the clock calls `rest` and waits for it, so that the code
 * after the sleep runs before more time passes.
 */
export function manualClock(start = 1_800_000_000_000, rest = settled): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    set: (time) => {
      now = time;
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          until: now + Math.max(0, ms),
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => sleeper.wake(), { once: true });
      }),
    pass: async (ms) => {
      const end = now + ms;
      await settled();
      for (;;) {
        const next = [...sleepers].filter(({ until }) => until <= end).sort((a, b) => a.until - b.until)[0];
        if (!next) break;
        now = Math.max(now, next.until);
        next.wake();
        await rest();
      }
      now = end;
    },
  };
}

/** Waits for one turn of the event loop, so that all code that is not waiting for something runs. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
