/** Turns of the event loop: each one reads what has arrived for every socket, at most some hundred KB of each. */
const TURNS = 16;

/**
 * Resolves when everything has been read that had arrived before the call.
 *
 * A timer that fires comes before the sockets are looked at. Where the process had been stopped, or the loop blocked, the
 * answer that was waited for may lie there unread, and would be thrown away as one that never came.
 */
export async function afterArrivals(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A signal that aborts after so many milliseconds, when what had arrived by then has been read. */
export function deadlineSignal(ms: number): AbortSignal {
  const over = new AbortController();
  setTimeout(() => afterArrivals().then(() => over.abort()), Math.max(0, ms)).unref();
  return over.signal;
}
