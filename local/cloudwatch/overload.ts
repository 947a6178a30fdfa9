import { cpus } from 'node:os';

/** Interval between two samples of the machine's load, in milliseconds, and number of samples that are stored. */
const EVERY_MS = 500;
const KEPT = 10;

/**
 * The machine counts as overloaded if at least this share of processor time is busy and a timer is late by at least this number of
 * milliseconds.
 */
const BUSY = 0.95;
const LATE_MS = 30;

interface Look {
  readonly idle: number;
  readonly all: number;
  readonly lateMs: number;
}

/**
 * Detects an overload of this machine. The machine is overloaded if all processors were busy in the last five seconds and a timer
 * was late.
 */
export class Overload {
  readonly #looks: Look[] = [];
  readonly #onChange: (overloaded: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #is = false;

  constructor(onChange: (overloaded: boolean) => void = () => {}) {
    this.#onChange = onChange;
  }

  get is(): boolean {
    return this.#is;
  }

  /** Measures the load of the machine at intervals, until the returned function is called. */
  watch(): () => void {
    let due = Date.now() + EVERY_MS;
    this.#timer = setInterval(() => {
      this.add({ ...processors(), lateMs: Math.max(0, Date.now() - due) });
      due = Date.now() + EVERY_MS;
    }, EVERY_MS).unref();
    return () => clearInterval(this.#timer);
  }

  /** Adds one sample; `idle` and `all` are the processor times since the machine started. */
  add(look: Look): void {
    this.#looks.push(look);
    if (this.#looks.length > KEPT) this.#looks.shift();
    const [first] = this.#looks;
    if (first === undefined || this.#looks.length < KEPT) return;
    const busy = 1 - (look.idle - first.idle) / Math.max(1, look.all - first.all);
    const late = Math.max(...this.#looks.map(({ lateMs }) => lateMs));
    const now = busy >= BUSY && late >= LATE_MS;
    if (now === this.#is) return;
    this.#is = now;
    this.#onChange(now);
  }
}

function processors(): Pick<Look, 'idle' | 'all'> {
  const times = cpus().map((one) => one.times);
  const sum = (of: (one: (typeof times)[number]) => number) => times.reduce((total, one) => total + of(one), 0);
  return {
    idle: sum(({ idle }) => idle),
    all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
  };
}
