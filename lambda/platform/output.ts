const { stdout } = process;
let isGathering = false;

/**
 * Gathers what this turn of the event loop writes to standard output, and writes it at once: each write is a call of the
 * operating system, and ten mails of a batch are often accepted in the same turn.
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
