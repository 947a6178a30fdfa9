/** Computes a hash of all events of a run. Two runs of the same seed must have the same events, and therefore the same hash. */
export class Trace {
  private low = 0x811c9dc5;
  private high = 0x01000193;
  private readonly write: ((line: string) => void) | undefined;

  /** @param write is called with each event as a line of text @default - only the hash of all events is computed */
  constructor(write?: (line: string) => void) {
    this.write = write;
  }

  add(at: number, what: string, who: string, detail = ''): void {
    const line = `${Math.round(at * 1_000)} ${what} ${who} ${detail}`;
    for (let index = 0; index < line.length; index += 1) {
      const unit = line.charCodeAt(index);
      this.low = Math.imul(this.low ^ unit, 0x01000193);
      this.high = Math.imul(this.high ^ unit, 0x5bd1e995) ^ (this.low >>> 13);
    }
    this.write?.(`${new Date(at).toISOString()} ${what.padEnd(10)} ${who} ${detail}`);
  }

  /** The hash as sixteen hexadecimal digits. */
  get hash(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
