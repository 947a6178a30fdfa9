import { type Clock, systemClock } from './clock.ts';
import { ServiceError } from './service-failure.ts';

/** Rejection when the time is up; the awaited promise continues, and its result is ignored. */
export class TimeUpError extends ServiceError {
  override readonly name = 'TimeUpError';
}

/** Waits for a promise, at most `ms` milliseconds; without a limit if undefined. */
export async function within<T>(ms: number | undefined, promise: Promise<T>, clock: Clock = systemClock): Promise<T> {
  if (ms === undefined) return await promise;
  const over = new AbortController();
  const timeUp = clock.sleep(ms, over.signal).then((): T => {
    // The promise has settled before the time limit, so no error (whose stack trace is costly) is made.
    if (over.signal.aborted) return undefined as T;
    throw new TimeUpError(`not done within ${ms} ms`);
  });
  timeUp.catch(() => undefined);
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    // Aborting with a reason avoids the exception that is otherwise created as the default reason.
    over.abort('done');
  }
}
