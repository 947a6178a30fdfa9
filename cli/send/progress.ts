/** Output of a command: the terminal of the process, or a test's record. */
export interface Terminal {
  out(line: string): void;
  err(text: string): void;
  /** Whether a line can be redrawn. */
  readonly interactive: boolean;
}

const WIDTH = 30;

/** A progress bar: redrawn in place on a terminal, one line for each tenth elsewhere. */
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
