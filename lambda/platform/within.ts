/** Rejects with this after the time is up; what was waited for goes on unobserved. */
export class TimeUpError extends Error {
  override readonly name = 'TimeUpError';
}

/** Waits for a promise, at most so many milliseconds. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeUpError(`not done within ${ms} ms`)), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
