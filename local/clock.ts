/** A period of real time during which the time scale did not change. */
interface Period {
  /** Real time at the start of the period, in epoch milliseconds. */
  readonly real: number;
  /** Stack time at the start of the period, in epoch milliseconds. */
  readonly stack: number;
  readonly scale: number;
}

/** Largest time scale that the API accepts. With this scale a minute of stack time lasts 0.6 ms of real time. */
export const MOST_SCALE = 100_000;

type Listener = (scale: number) => void;

/**
 * The clock of the local stack, which runs `scale` times as fast as real time. Its time is called stack time. When the clock is
 * created, stack time and real time are equal.
 *
 * Metric periods, alarms, schedules and delays of queues are measured by this clock. The scale may be changed while the stack
 * runs. Times from before such a change are still converted exactly.
 */
export class StackClock {
  readonly #now: () => number;
  readonly #periods: Period[];
  readonly #listeners: Listener[] = [];
  /** One callback for each call of `sleep` that waits. The callbacks are called when the scale changes. */
  readonly #sleeping = new Set<() => void>();

  constructor(scale = 1, now: () => number = Date.now) {
    this.#now = now;
    const begin = now();
    this.#periods = [{ real: begin, stack: begin, scale }];
  }

  /** Current time scale: how many times as fast as real time the clock runs. */
  get scale(): number {
    return this.#last.scale;
  }

  /** Time at which the current scale was set, in real time and in stack time, both in epoch milliseconds. */
  get since(): { readonly real: number; readonly stack: number } {
    return this.#last;
  }

  /** Returns the current stack time, in epoch milliseconds. */
  now(): number {
    return this.toStack(this.#now());
  }

  /** Converts a real time to stack time, both in epoch milliseconds. */
  toStack(real: number): number {
    const { real: begin, stack, scale } = this.#periods.findLast((period) => period.real <= real) ?? this.#first;
    return stack + (real - begin) * scale;
  }

  /** Converts a stack time to real time, both in epoch milliseconds. */
  toReal(stack: number): number {
    const { real, stack: begin, scale } = this.#periods.findLast((period) => period.stack <= stack) ?? this.#first;
    return real + (stack - begin) / scale;
  }

  /** Changes the time scale from now on. */
  setScale(scale: number): void {
    if (scale === this.scale) return;
    const real = this.#now();
    this.#periods.push({ real, stack: this.toStack(real), scale });
    for (const listener of this.#listeners) listener(scale);
    for (const plan of this.#sleeping) plan();
  }

  /**
   * Resolves after `stackMs` milliseconds of stack time, even if the scale changes during the wait. If the signal aborts,
   * resolves immediately.
   */
  sleep(stackMs: number, signal: AbortSignal): Promise<void> {
    const until = this.now() + stackMs;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        this.#sleeping.delete(plan);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const plan = () => {
        clearTimeout(timer);
        timer = setTimeout(end, Math.max(0, (until - this.now()) / this.scale)).unref();
      };
      this.#sleeping.add(plan);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
      else plan();
    });
  }

  /** Registers a listener, which is called with the new scale after each change of the scale. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  get #first(): Period {
    return this.#periods[0] as Period;
  }

  get #last(): Period {
    return this.#periods.at(-1) as Period;
  }
}
