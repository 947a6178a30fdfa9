/** A period of time during which the time scale does not change. */
interface Stretch {
  /** Real time at the start of the period. */
  readonly real: number;
  /** Stack time at the start of the period. */
  readonly stack: number;
  readonly scale: number;
}

/** Largest time scale. At a larger scale a minute of stack time would end before a function has started. */
export const MOST_SCALE = 100_000;

type Listener = (scale: number) => void;

/**
 * The clock of the stack time. Stack time runs `scale` times as fast as real time, from the start of the local stack.
 *
 * Metric periods, alarms, schedules and delays of queues are in stack time. The scale may change while the stack runs. Conversions
 * of times from before a change stay exact.
 */
export class StackClock {
  readonly #now: () => number;
  readonly #stretches: Stretch[];
  readonly #listeners: Listener[] = [];
  /** One callback for each sleep in progress; called when the scale changes. */
  readonly #sleeping = new Set<() => void>();

  constructor(scale = 1, now: () => number = Date.now) {
    this.#now = now;
    const begin = now();
    this.#stretches = [{ real: begin, stack: begin, scale }];
  }

  /** Current factor by which stack time is faster than real time. */
  get scale(): number {
    return this.#last.scale;
  }

  /** Time at which the current scale was set, in real time and in stack time. */
  get since(): { readonly real: number; readonly stack: number } {
    return this.#last;
  }

  /** Returns the current stack time in epoch milliseconds. */
  now(): number {
    return this.toStack(this.#now());
  }

  /** Converts a real time to stack time. */
  toStack(real: number): number {
    const { real: begin, stack, scale } = this.#stretches.findLast((stretch) => stretch.real <= real) ?? this.#first;
    return stack + (real - begin) * scale;
  }

  /** Converts a stack time to real time. */
  toReal(stack: number): number {
    const { real, stack: begin, scale } = this.#stretches.findLast((stretch) => stretch.stack <= stack) ?? this.#first;
    return real + (stack - begin) / scale;
  }

  /** Changes the time scale; the new scale applies from now on. */
  setScale(scale: number): void {
    if (scale === this.scale) return;
    const real = this.#now();
    this.#stretches.push({ real, stack: this.toStack(real), scale });
    for (const listener of this.#listeners) listener(scale);
    for (const plan of this.#sleeping) plan();
  }

  /**
   * Resolves after `stackMs` milliseconds of stack time, even if the scale changes in the meantime. Resolves immediately when the
   * signal aborts.
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

  /** Calls the listener after each change of the scale. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  get #first(): Stretch {
    return this.#stretches[0] as Stretch;
  }

  get #last(): Stretch {
    return this.#stretches.at(-1) as Stretch;
  }
}
