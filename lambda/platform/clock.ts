import { afterArrivals } from './arrivals.ts';

/** Source of the current time. In the simulation, another implementation supplies simulated time. */
export interface Clock {
  /** Returns the current time in epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds. If the signal aborts earlier, resolves immediately at the abort, without an error. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the operating system. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      // Data that arrived before the end of the sleep must not count as late. Therefore such data is read before the promise
      // resolves.
      const timer = setTimeout(() => afterArrivals().then(end), Math.max(0, ms));
      signal?.addEventListener('abort', end, { once: true });
    }),
};
