/** Turns of the event loop: each one reads what has arrived on every socket, up to some hundred KB per socket. */
const TURNS = 16;

/**
 * Resolves when all data that had arrived before the call has been read.
 *
 * Node fires due timers before it reads sockets. After the process was frozen, or the event loop was blocked, the awaited
 * answer may have arrived but be unread, and would be taken for missing.
 */
export async function afterArrivals(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A signal that aborts after `ms` milliseconds, once the data that had arrived by then has been read. */
export function deadlineSignal(ms: number): AbortSignal {
  const over = new AbortController();
  setTimeout(() => afterArrivals().then(() => over.abort()), Math.max(0, ms)).unref();
  return over.signal;
}
