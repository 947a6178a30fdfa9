import { afterArrivals } from './arrivals.ts';

/** Time, so that a simulation can bring its own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds; early, and without an error, when the signal aborts. */
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
      // What had arrived when the time was up came in time.
      const timer = setTimeout(() => afterArrivals().then(end), Math.max(0, ms));
      signal?.addEventListener('abort', end, { once: true });
    }),
};
