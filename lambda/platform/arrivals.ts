/**
 * Number of turns of the event loop for which `afterArrivals` waits. In one turn, Node reads at most some hundred KB from each
 * socket.
 */
const TURNS = 16;

/**
 * Resolves when all data that had arrived before the call has been read (at most some MB from each socket).
 *
 * Node runs due timers before it reads sockets. If Lambda froze the process, or the event loop was blocked, a time-out without
 * this wait would end a call whose answer has arrived but has not been read yet.
 */
export async function afterArrivals(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Returns a signal that aborts after `ms` milliseconds, but only after all data that arrived in this time has been read. */
export function deadlineSignal(ms: number): AbortSignal {
  const over = new AbortController();
  setTimeout(() => afterArrivals().then(() => over.abort()), Math.max(0, ms)).unref();
  return over.signal;
}
