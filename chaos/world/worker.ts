import type { Clock } from '../../lambda/platform/clock.ts';
import type { Timeline } from './timeline.ts';

/** Which code a process runs. */
export type ReleaseName = 'current' | 'previous' | 'simple' | 'newer';

/** What a part of the world answers, and after how many milliseconds. */
export type DelayedAnswer<T> = { readonly afterMs: number } & ({ readonly value: T } | { readonly error: Error });

/** A place where handler code waits for the world: just before its request leaves, or just before it hears the answer. */
export type AwaitPoint = `${string} ${'before' | 'after'}`;

/**
 * One process of the function, as Lambda runs it: one invocation at a time, frozen in between, gone without a word when killed.
 *
 * All that handler code can do to the world passes through {@link request}: what a dead process asks for never happens,
 * what it asked for before it died happens and is never heard of.
 */
export class SimulatedWorker {
  readonly name: string;
  readonly release: ReleaseName;
  /** Its clock is ahead of the world's by so many milliseconds. */
  skewMs: number;
  /** The most that its clock has been wrong, in milliseconds. */
  worstSkewMs: number;
  /** It stood still for a while in the middle of an invocation. */
  stalled = false;
  alive = true;
  /** When it was killed, in epoch milliseconds of the world; idle processes end unharmed. */
  killedAt = Infinity;
  /** Services to which it has a connection, and those of them whose connection is dead without its knowledge. */
  private readonly kept = new Set<string>();
  private dead = new Set<string>();
  private frozen = true;
  private late: (() => void)[] = [];
  /** Invocations of the chain that this one belongs to, itself included: the SDK writes it on every message that it sends. */
  invocations = 0;
  /** Await points passed in this invocation. */
  passed = 0;
  private dieAt: number | undefined;
  private readonly timeline: Timeline;
  private readonly died: (worker: SimulatedWorker, at: AwaitPoint | 'time-out') => void;

  constructor(
    name: string,
    release: ReleaseName,
    skewMs: number,
    timeline: Timeline,
    died: (worker: SimulatedWorker, at: AwaitPoint | 'time-out') => void,
  ) {
    this.name = name;
    this.release = release;
    this.skewMs = skewMs;
    this.worstSkewMs = Math.abs(skewMs);
    this.timeline = timeline;
    this.died = died;
  }

  /** The process's own clock. Timers stand still with the process, and fire at once when it goes on. */
  readonly clock: Clock = {
    now: () => Math.round(this.timeline.now + this.skewMs),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        this.timeline.after(ms, () => {
          if (!signal?.aborted) this.hear(resolve);
        });
      }),
  };

  /** Lets its clock jump to so much before the world's. */
  setClock(skewMs: number): void {
    this.skewMs = skewMs;
    this.worstSkewMs = Math.max(this.worstSkewMs, Math.abs(this.skewMs));
  }

  /** All connections that it keeps have died while it was frozen. */
  loseConnections(): void {
    this.dead = new Set(this.kept);
  }

  /** Whether a request arrives at a service: the first one over a dead connection does not. */
  reaches(service: string): boolean {
    this.kept.add(service);
    return !this.dead.delete(service);
  }

  /** Goes on with an invocation; it will die at the await point `dieAt`, counted from 1. */
  thaw(dieAt: number | undefined): void {
    this.passed = 0;
    this.dieAt = dieAt;
    this.resume();
  }

  /** Goes on where {@link freeze} stopped it. */
  resume(): void {
    this.frozen = false;
    const late = this.late;
    this.late = [];
    for (const act of late) this.hear(act);
  }

  freeze(): void {
    this.frozen = true;
  }

  kill(at: AwaitPoint | 'time-out'): void {
    if (!this.alive) return;
    this.alive = false;
    this.killedAt = this.timeline.now;
    this.late = [];
    this.died(this, at);
  }

  /** One request to the world: `act` is where it takes effect, `outMs` after it left. */
  request<T>(port: string, outMs: number, act: () => DelayedAnswer<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isOver(`${port} before`)) return;
      this.timeline.after(outMs, () => {
        const answer = act();
        this.timeline.after(answer.afterMs, () =>
          this.hear(() => {
            if (this.isOver(`${port} after`)) return;
            if ('error' in answer) reject(answer.error);
            else resolve(answer.value);
          }),
        );
      });
    });
  }

  private hear(act: () => void): void {
    if (!this.alive) return;
    if (this.frozen) {
      this.late.push(act);
      return;
    }
    this.timeline.wake();
    act();
  }

  private isOver(point: AwaitPoint): boolean {
    if (!this.alive) return true;
    this.passed += 1;
    if (this.passed === this.dieAt) this.kill(point);
    return !this.alive;
  }
}
