import type { Clock } from '../../lambda/platform/clock.ts';
import type { Timeline } from './timeline.ts';

/** The release of the sender's code that a process runs. */
export type ReleaseName = 'current' | 'newer';

/** Answer of a simulated service, and its delay in milliseconds. */
export type DelayedAnswer<T> = { readonly afterMs: number } & ({ readonly value: T } | { readonly error: Error });

/**
 * Point at which the handler code awaits a simulated service: `before` the request leaves the process, or `after` the answer has
 * arrived.
 */
export type AwaitPoint = `${string} ${'before' | 'after'}`;

/**
 * One process of a function, as Lambda runs it. The process has one invocation at a time, is frozen between invocations, and may be
 * killed without notice.
 *
 * Handler code reaches the simulated services only through {@link request}. A killed process sends no more requests. A request that
 * was sent before still takes effect, but its answer is lost.
 */
export class SimulatedWorker {
  readonly name: string;
  readonly release: ReleaseName;
  /** Milliseconds by which the clock of the process is ahead of the simulated time; negative if the clock is slow. */
  skewMs: number;
  /** Largest error of the process's clock so far, in milliseconds. */
  worstSkewMs: number;
  /** Whether the process was frozen in the middle of an invocation. */
  stalled = false;
  alive = true;
  /** Simulated time at which the process was killed, in epoch milliseconds; infinite if the process still runs or ended while idle. */
  killedAt = Infinity;
  /** Services to which the process keeps an open connection. */
  private readonly kept = new Set<string>();
  /** Services whose connection is dead. The process notices this only at the next request to the service. */
  private dead = new Set<string>();
  private frozen = true;
  private whileFrozen: (() => void)[] = [];
  /**
   * Number of invocations in the current chain (for recursive loop detection), including the current invocation. Each message
   * that the process sends contains this number.
   */
  invocations = 0;
  /** Number of await points that this invocation has passed. */
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

  /** The clock that the process reads. A timer that is due while the process is frozen fires when the process continues. */
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

  /** Sets the clock of the process to `skewMs` milliseconds ahead of the simulated time. */
  setClock(skewMs: number): void {
    this.skewMs = skewMs;
    this.worstSkewMs = Math.max(this.worstSkewMs, Math.abs(this.skewMs));
  }

  /** Marks all open connections of the process as dead, which happens on Lambda after a long freeze. */
  loseConnections(): void {
    this.dead = new Set(this.kept);
  }

  /** Whether a request arrives at a service. The first request through a dead connection is lost. */
  reaches(service: string): boolean {
    this.kept.add(service);
    return !this.dead.delete(service);
  }

  /** Starts an invocation. If `killAt` is given, the process is killed at the await point with this number, counted from 1. */
  thaw(killAt: number | undefined): void {
    this.passed = 0;
    this.killAt = killAt;
    this.resume();
  }

  /** Continues a process that {@link freeze} has stopped. */
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

  /**
   * Sends a request to a simulated service. After `outMs` milliseconds `act` runs: it performs the effect of the request and
   * returns the answer.
   */
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
