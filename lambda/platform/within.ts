import { type Clock, systemClock } from './clock.ts';

/** Rejects with this after the time is up; what was waited for goes on unobserved. */
export class TimeUpError extends Error {
  override readonly name = 'TimeUpError';
}

/** Waits for a promise, at most so many milliseconds. */
export async function within<T>(ms: number, promise: Promise<T>, clock: Clock = systemClock): Promise<T> {
  const over = new AbortController();
  const timeUp = clock.sleep(ms, over.signal).then(() => {
    throw new TimeUpError(`not done within ${ms} ms`);
  });
  // Once the race is decided the other one's end concerns nobody.
  timeUp.catch(() => undefined);
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    over.abort();
  }
}
