import { cpus } from 'node:os';

/** Interval between two samples of the machine's load, in milliseconds. */
const EVERY_MS = 500;
/** Number of samples that are stored, and from which an overload is determined. */
const KEPT = 10;

/** The machine counts as overloaded only if at least this share of its processor time is busy. */
const BUSY = 0.95;
/** The machine counts as overloaded only if a timer is late by at least this number of milliseconds. */
const LATE_MS = 30;

interface Sample {
  readonly idle: number;
  readonly all: number;
  readonly lateMs: number;
}

/**
 * Detects an overload of this machine. The machine is overloaded if at least 95 % of the processor time of the last five seconds
 * was busy and at least one timer was late by 30 ms or more.
 */
export class Overload {
  readonly #samples: Sample[] = [];
  readonly #onChange: (overloaded: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #is = false;

  constructor(onChange: (overloaded: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  get is(): boolean {
    return this.#is;
  }

  /** Measures the load of the machine every 500 ms, until the returned function is called. */
  watch(): () => void {
    let due = Date.now() + EVERY_MS;
    this.#timer = setInterval(() => {
      this.add({ ...processors(), lateMs: Math.max(0, Date.now() - due) });
      due = Date.now() + EVERY_MS;
    }, EVERY_MS).unref();
    return () => clearInterval(this.#timer);
  }

  /** Adds one sample. `idle` and `all` are the processor times since the machine started, in milliseconds. */
  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || this.#samples.length < KEPT) return;
    const busy = 1 - (sample.idle - first.idle) / Math.max(1, sample.all - first.all);
    const late = Math.max(...this.#samples.map(({ lateMs }) => lateMs));
    const now = busy >= BUSY && late >= LATE_MS;
    if (now === this.#is) return;
    this.#is = now;
    this.#onChange(now);
  }
}

function processors(): Pick<Sample, 'idle' | 'all'> {
  const times = cpus().map((one) => one.times);
  const sum = (of: (one: (typeof times)[number]) => number) => times.reduce((total, one) => total + of(one), 0);
  return {
    idle: sum(({ idle }) => idle),
    all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
  };
}
