const { stdout } = process;
let isGathering = false;

/**
 * Collects everything that is written to standard output in this turn of the event loop, and writes it together at the end of the
 * turn. This saves system calls: each write would be a system call, and the ten mails of a batch are often accepted in the same
 * turn.
 */
export function gatherOutput(): void {
  if (isGathering) return;
  isGathering = true;
  stdout.cork();
  setImmediate(write);
}

function write(): void {
  if (!isGathering) return;
  isGathering = false;
  stdout.uncork();
}

process.on('exit', write);
