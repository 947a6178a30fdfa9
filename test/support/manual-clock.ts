import type { Clock } from '../../lambda/platform/clock.ts';

/** A clock that only the test moves. */
export interface ManualClock extends Clock {
  /** Advances the time and ends due sleeps, in order. */
  pass(ms: number): Promise<void>;
  /** Sets the time and ends no sleep. */
  set(time: number): void;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** Starts at an arbitrary time. `rest` runs the tasks that were woken before time passes. */
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

/** Lets all runnable tasks run. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
