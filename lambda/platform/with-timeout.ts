import { type Clock, systemClock } from './clock.ts';
import { ServiceError } from './service-failure.ts';

/** Error: a promise did not settle in time. The operation behind the promise continues, but its result is ignored. */
export class CallTimeoutError extends ServiceError {
  override readonly name = 'CallTimeoutError';
}

/** Waits for a promise for at most `ms` milliseconds. If `ms` is undefined, waits without a time limit. */
export async function withTimeout<T>(
  ms: number | undefined,
  promise: Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  if (ms === undefined) return await promise;
  const over = new AbortController();
  const timeUp = clock.sleep(ms, over.signal).then((): T => {
    // The promise settled in time. Therefore no error is created: the stack trace of an error takes time.
    if (over.signal.aborted) return undefined as T;
    throw new CallTimeoutError(`not done within ${ms} ms`);
  });
  timeUp.catch(() => undefined);
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    // A reason is given, since `abort` without a reason creates an exception as the default reason.
    over.abort('done');
  }
}
