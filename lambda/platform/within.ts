import { type Clock, systemClock } from './clock.ts';
import { ServiceError } from './service-failure.ts';

/** Rejects with this after the time is up; what was waited for goes on unobserved. */
export class TimeUpError extends ServiceError {
  override readonly name = 'TimeUpError';
}

/** Waits for a promise, at most so many milliseconds; without a number as long as it takes. */
export async function within<T>(ms: number | undefined, promise: Promise<T>, clock: Clock = systemClock): Promise<T> {
  if (ms === undefined) return await promise;
  const over = new AbortController();
  const timeUp = clock.sleep(ms, over.signal).then((): T => {
    // Aborted, the race has been decided, and an error with its stack would be made for nobody.
    if (over.signal.aborted) return undefined as T;
    throw new TimeUpError(`not done within ${ms} ms`);
  });
  timeUp.catch(() => undefined);
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    // A reason of its own spares the exception, stack and all, that would be made without one.
    over.abort('done');
  }
}
