/**
 * Blocks this thread for `ms` milliseconds, like a frozen process: nothing is read, and timers become due.
 *
 * It starts where the event loop runs its timers next and its sockets after them, as happens first
 * when a process goes on after SIGCONT.
 */
export async function block(ms: number): Promise<void> {
  await new Promise<void>((resolve) =>
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      resolve();
    }),
  );
}
