import type { Clock } from '../../lambda/platform/clock.ts';
import type { Timeline } from './timeline.ts';

/** Release that a process runs. */
export type ReleaseName = 'current' | 'newer';

/** Answer of a part of the world, and its delay in milliseconds. */
export type DelayedAnswer<T> = { readonly afterMs: number } & ({ readonly value: T } | { readonly error: Error });

/** A point where handler code waits for the world: before its request leaves, or before its answer arrives. */
export type AwaitPoint = `${string} ${'before' | 'after'}`;

/**
 * One process of the function, as Lambda runs it: one invocation at a time, frozen between invocations, ended without
 * notice when killed.
 *
 * All effects of handler code on the world pass through {@link request}: a request of a killed process has no effect,
 * a request sent before the kill takes effect and its answer is lost.
 */
export class SimulatedWorker {
  readonly name: string;
  readonly release: ReleaseName;
  /** Milliseconds by which its clock is ahead of the world's. */
  skewMs: number;
  /** Largest error of its clock so far, in milliseconds. */
  worstSkewMs: number;
  /** Whether it was frozen in the middle of an invocation. */
  stalled = false;
  alive = true;
  /** Time of its kill, in epoch milliseconds of the world; infinite for a process that ended while idle. */
  killedAt = Infinity;
  /** Services with a kept connection, and those of them whose connection is dead without its knowledge. */
  private readonly kept = new Set<string>();
  private dead = new Set<string>();
  private frozen = true;
  private whileFrozen: (() => void)[] = [];
  /** Number of invocations in its current chain, including itself: the SDK writes it on every message that it sends. */
  invocations = 0;
  /** Await points passed in this invocation. */
  passed = 0;
  private killAt: number | undefined;
  private readonly timeline: Timeline;
  private readonly onKill: (worker: SimulatedWorker, at: AwaitPoint | 'time-out') => void;

  constructor(
    name: string,
    release: ReleaseName,
    skewMs: number,
    timeline: Timeline,
    onKill: (worker: SimulatedWorker, at: AwaitPoint | 'time-out') => void,
  ) {
    this.name = name;
    this.release = release;
    this.skewMs = skewMs;
    this.worstSkewMs = Math.abs(skewMs);
    this.timeline = timeline;
    this.onKill = onKill;
  }

  /** The process's own clock. Timers stop while the process is frozen, and fire at once when it continues. */
  readonly clock: Clock = {
    now: () => Math.round(this.timeline.now + this.skewMs),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        this.timeline.after(ms, () => {
          if (!signal?.aborted) this.whenRunning(resolve);
        });
      }),
  };

  /** Sets the error of its clock, in milliseconds ahead of the world's. */
  setClock(skewMs: number): void {
    this.skewMs = skewMs;
    this.worstSkewMs = Math.max(this.worstSkewMs, Math.abs(this.skewMs));
  }

  /** Marks all kept connections as dead, as after a long freeze. */
  loseConnections(): void {
    this.dead = new Set(this.kept);
  }

  /** Whether a request arrives at a service: the first over a dead connection does not. */
  reaches(service: string): boolean {
    this.kept.add(service);
    return !this.dead.delete(service);
  }

  /** Continues with an invocation; it is killed at the await point `killAt`, counted from 1. */
  thaw(killAt: number | undefined): void {
    this.passed = 0;
    this.killAt = killAt;
    this.resume();
  }

  /** Continues after {@link freeze}. */
  resume(): void {
    this.frozen = false;
    const missed = this.whileFrozen;
    this.whileFrozen = [];
    for (const act of missed) this.whenRunning(act);
  }

  freeze(): void {
    this.frozen = true;
  }

  kill(at: AwaitPoint | 'time-out'): void {
    if (!this.alive) return;
    this.alive = false;
    this.killedAt = this.timeline.now;
    this.whileFrozen = [];
    this.onKill(this, at);
  }

  /** One request to the world: `act` is its effect, `outMs` after it left. */
  request<T>(port: string, outMs: number, act: () => DelayedAnswer<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isOver(`${port} before`)) return;
      this.timeline.after(outMs, () => {
        const answer = act();
        this.timeline.after(answer.afterMs, () =>
          this.whenRunning(() => {
            if (this.isOver(`${port} after`)) return;
            if ('error' in answer) reject(answer.error);
            else resolve(answer.value);
          }),
        );
      });
    });
  }

  private whenRunning(act: () => void): void {
    if (!this.alive) return;
    if (this.frozen) {
      this.whileFrozen.push(act);
      return;
    }
    this.timeline.wake();
    act();
  }

  private isOver(point: AwaitPoint): boolean {
    if (!this.alive) return true;
    this.passed += 1;
    if (this.passed === this.killAt) this.kill(point);
    return !this.alive;
  }
}
