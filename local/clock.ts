interface Stretch {
  /** Real time at its start. */
  readonly real: number;
  /** Stack time at its start. */
  readonly stack: number;
  readonly scale: number;
}

/** Largest scale; above it a minute ends before a function has started. */
export const MOST_SCALE = 100_000;

type Listener = (scale: number) => void;

/**
 * Clock of stack time: runs `scale` times as fast as real time, from the start of the stack.
 *
 * Metric periods, alarms, schedules and delays of queues are in stack time. The scale
 * may change while the stack runs; conversions of times before the change stay exact.
 */
export class StackClock {
  readonly #now: () => number;
  readonly #stretches: Stretch[];
  readonly #listeners: Listener[] = [];
  /** Callbacks of the sleeps in progress, called when the speed changes. */
  readonly #sleeping = new Set<() => void>();

  constructor(scale = 1, now: () => number = Date.now) {
    this.#now = now;
    const begin = now();
    this.#stretches = [{ real: begin, stack: begin, scale }];
  }

  /** Current factor between stack time and real time. */
  get scale(): number {
    return this.#last.scale;
  }

  /** Time at which the present scale was set, in real time and in stack time. */
  get since(): { readonly real: number; readonly stack: number } {
    return this.#last;
  }

  /** Stack time now, in epoch milliseconds. */
  now(): number {
    return this.toStack(this.#now());
  }

  /** Stack time at a real time. */
  toStack(real: number): number {
    const { real: begin, stack, scale } = this.#stretches.findLast((stretch) => stretch.real <= real) ?? this.#first;
    return stack + (real - begin) * scale;
  }

  /** Real time at a stack time. */
  toReal(stack: number): number {
    const { real, stack: begin, scale } = this.#stretches.findLast((stretch) => stretch.stack <= stack) ?? this.#first;
    return real + (stack - begin) / scale;
  }

  /** Changes the scale from now on. */
  setScale(scale: number): void {
    if (scale === this.scale) return;
    const real = this.#now();
    this.#stretches.push({ real, stack: this.toStack(real), scale });
    for (const listener of this.#listeners) listener(scale);
    for (const plan of this.#sleeping) plan();
  }

  /** Resolves after a duration in milliseconds of stack time, also when the scale changes meanwhile; early when the signal aborts. */
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

  /** Calls back after each change of the scale. */
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
