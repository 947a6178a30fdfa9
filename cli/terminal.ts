import type { Terminal } from './send/progress.ts';

/** The terminal of this process. */
export const terminal: Terminal = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
};
