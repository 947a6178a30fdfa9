/** Where progress and results are written; a process or a test. */
export interface Terminal {
  out(line: string): void;
  err(text: string): void;
  /** Whether a line can be drawn over. */
  readonly interactive: boolean;
}

const WIDTH = 30;

/** A bar that redraws itself on a terminal, and writes one line a tenth elsewhere. */
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
