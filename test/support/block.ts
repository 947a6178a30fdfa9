/**
 * Stops this thread for so many milliseconds, as a process that is frozen: nothing is read, and timers fall due.
 *
 * It begins where the event loop looks at its timers next and at its sockets only after them, which is what comes first
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
