/** Output of a command: the terminal of the process, or, in tests, an object that records the output. */
export interface Terminal {
  out(line: string): void;
  err(text: string): void;
  /** Whether a printed line can be replaced. */
  readonly interactive: boolean;
}

const WIDTH = 30;

/**
 * Returns a function that shows the progress. On a terminal it redraws a progress bar in place; elsewhere it prints one line for
 * each tenth.
 */
export function progressBar(terminal: Terminal, label: string, total: number): (done: number) => void {
  let last = -1;
  return (done) => {
    const step = terminal.interactive ? done : Math.floor((done / total) * 10);
    if (step === last) return;
    last = step;
    const filled = Math.round((done / total) * WIDTH);
    const bar = `${label} [${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${done}/${total}`;
    if (terminal.interactive) terminal.err(`\r${bar}${done >= total ? '\n' : ''}`);
    else terminal.err(`${bar}\n`);
  };
}
