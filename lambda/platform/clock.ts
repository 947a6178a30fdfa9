import { afterArrivals } from './arrivals.ts';

/** Time source; the simulation supplies its own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds, or earlier, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
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
      // Data that arrived before the time was up counts as in time, so it is read first.
      const timer = setTimeout(() => afterArrivals().then(end), Math.max(0, ms));
      signal?.addEventListener('abort', end, { once: true });
    }),
};
