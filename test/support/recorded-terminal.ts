/** Returns a terminal that is not interactive, and what was printed on it: on each of its two outputs, and on both in order. */
export function recordedTerminal() {
  const [out, err, both]: [string[], string[], string[]] = [[], [], []];
  const to = (output: string[]) => (text: string) => {
    for (const record of [output, both]) record.push(text);
  };
  return { out, err, both, terminal: { out: to(out), err: to(err), interactive: false } };
}
