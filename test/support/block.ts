/**
 * Blocks this thread for `ms` milliseconds, like a process that was stopped by SIGSTOP: no socket is read, and timers become due
 * during this time.
 *
 * The block starts in the check phase of the event loop. After the block, timers run first, and sockets are read next, as in a
 * process that continues after SIGCONT.
 */
export async function block(ms: number): Promise<void> {
  await new Promise<void>((resolve) =>
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      resolve();
    }),
  );
}
