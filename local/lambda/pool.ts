import { setTimeout as wait } from 'node:timers/promises';
import type { DeployedFunction } from '../template/deployed.ts';
import { traceOf } from './trace.ts';
import { FunctionProcess } from './worker.ts';

/** Time in milliseconds for which an invocation waits for a free process before a further process is started. */
const GROW_AFTER_MS = 250;
/**
 * Longest time in milliseconds for which a process that is still importing its handler prevents the start of further processes.
 */
const START_MS = 10_000;
/** Time in milliseconds after which an idle process is ended. The oldest process is not ended. */
const IDLE_MS = 60_000;
/**
 * Pause in milliseconds before a process that could not import its handler is replaced. The pause is doubled with each such
 * process, from `first` up to `most`.
 */
const RESTART_MS = { first: 100, most: 5_000 } as const;

/** Data of one invocation of a function from which Lambda's metrics are computed. */
export interface InvocationFacts {
  readonly functionName: string;
  /** Real time at which the invocation started, in epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Whether the handler threw or timed out, or the process ended. */
  readonly failed: boolean;
  /** Number of invocations of this function that were in progress when this invocation started, including this invocation. */
  readonly concurrent: number;
}

/** Callbacks for the output and the invocations of the processes. */
export interface PoolListeners {
  /** Called with each line that a process prints. */
  onOutput(text: string): void;
  onInvocation(facts: InvocationFacts): void;
  /** Called when an invocation is refused because the reserved concurrency of the function is used up. */
  onThrottle(functionName: string): void;
}

interface Waiting {
  resolve(worker: FunctionProcess): void;
  reject(reason: Error): void;
}

/**
 * The processes of one function. One process is started with the pool. While invocations wait, further processes are started, up
 * to `maximum` processes in total.
 */
export class Pool {
  readonly target: DeployedFunction;
  readonly #environment: () => Readonly<Record<string, string>>;
  readonly #maximum: number;
  readonly #listeners: PoolListeners;
  readonly #workers = new Set<FunctionProcess>();
  readonly #idle = new Map<FunctionProcess, NodeJS.Timeout | undefined>();
  readonly #waiting: Waiting[] = [];
  readonly #firstReady = Promise.withResolvers<void>();
  #calls = 0;
  #running = 0;
  /** Number of processes that are importing their handler. Each of them counts for at most `START_MS`. */
  #starting = 0;
  #growth: NodeJS.Timeout | undefined;
  #restartMs: number = RESTART_MS.first;
  #closed = false;
  /**
   * Processes with outdated environment variables. Each of them ends after its current invocation, and does not count towards the
   * maximum.
   */
  readonly #outdated = new Set<FunctionProcess>();

  constructor(
    target: DeployedFunction,
    environment: () => Readonly<Record<string, string>>,
    maximum: number,
    listeners: PoolListeners,
  ) {
    this.target = target;
    this.#environment = environment;
    this.#maximum = Math.max(1, maximum);
    this.#listeners = listeners;
    this.#spawn();
  }

  /** Resolves when a process has imported the handler for the first time. */
  get ready(): Promise<void> {
    return this.#firstReady.promise;
  }

  /** Number of invocations that are in progress or wait for a process. */
  get calls(): number {
    return this.#calls;
  }

  /** Process ids of all running processes, the oldest process first. */
  get pids(): readonly number[] {
    return [...this.#outdated, ...this.#workers].map(({ pid }) => pid);
  }

  /**
   * Invokes the function in the first free process. `onStart` is called when a process is free. `causes` contains the X-Ray trace
   * header of each queue message in the event.
   */
  async invoke(
    event: unknown,
    onStart: () => void = () => {},
    causes: readonly (string | undefined)[] = [],
  ): Promise<unknown> {
    this.#calls += 1;
    try {
      const worker = await this.#acquire();
      onStart();
      return await this.#run(worker, event, causes);
    } finally {
      this.#calls -= 1;
    }
  }

  async #run(worker: FunctionProcess, event: unknown, causes: readonly (string | undefined)[]): Promise<unknown> {
    const startedAt = Date.now();
    this.#running += 1;
    const concurrent = this.#running;
    let failed = true;
    try {
      const answer = await worker.invoke(event, traceOf(this.target.name, causes));
      failed = false;
      return answer;
    } finally {
      this.#running -= 1;
      const durationMs = Date.now() - startedAt;
      this.#listeners.onInvocation({ functionName: this.target.name, startedAt, durationMs, failed, concurrent });
      this.#release(worker);
    }
  }

  /**
   * Replaces every process by a new process with the current environment variables, as a deployment does. Resolves when the old
   * processes get no further invocations. An old process first completes its invocation in progress; the method waits for such
   * invocations at most `waitMs` milliseconds of real time.
   */
  async renew(waitMs = 0): Promise<void> {
    const idle = [...this.#idle.keys()];
    const all = [...this.#workers];
    for (const worker of this.#workers) this.#outdated.add(worker);
    this.#workers.clear();
    for (const worker of idle) this.#dismiss(worker);
    if (!this.#closed) this.#spawn();
    await Promise.all(idle.map(({ gone }) => gone));
    if (waitMs > 0)
      await Promise.race([Promise.all(all.map(({ gone }) => gone)), wait(waitMs, undefined, { ref: false })]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#growth);
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error(`${this.target.name} is being closed`));
    const workers = [...this.#workers, ...this.#outdated];
    for (const worker of workers) worker.kill();
    await Promise.all(workers.map(({ gone }) => gone));
  }

  #acquire(): Promise<FunctionProcess> {
    const [free] = this.#idle.keys();
    if (free !== undefined) {
      clearTimeout(this.#idle.get(free));
      this.#idle.delete(free);
      return Promise.resolve(free);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#growWhileWaiting();
    });
  }

  #release(worker: FunctionProcess): void {
    if (!worker.alive || this.#closed) return;
    if (this.#outdated.has(worker)) {
      this.#dismiss(worker);
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(worker);
      return;
    }
    const [first] = this.#workers;
    const timer = worker === first ? undefined : setTimeout(() => worker.kill(), IDLE_MS);
    this.#idle.set(worker, timer);
  }

  #dismiss(worker: FunctionProcess): void {
    clearTimeout(this.#idle.get(worker));
    this.#idle.delete(worker);
    worker.kill();
  }

  #growWhileWaiting(): void {
    if (this.#growth !== undefined || this.#closed) return;
    this.#growth = setTimeout(() => {
      this.#growth = undefined;
      if (this.#waiting.length === 0) return;
      // Only one process is started at a time. On a busy machine a process starts slowly, and several starts at the same time
      // would slow down the processes that are already working.
      if (this.#workers.size < this.#maximum && this.#starting === 0) this.#spawn();
      this.#growWhileWaiting();
    }, GROW_AFTER_MS);
  }

  #spawn(): void {
    const worker = new FunctionProcess(this.target, this.#environment(), this.#listeners.onOutput);
    this.#workers.add(worker);
    let imported = false;
    this.#starting += 1;
    worker.ready.then(
      () => {
        imported = true;
        this.#restartMs = RESTART_MS.first;
        this.#firstReady.resolve();
        this.#release(worker);
      },
      () => {},
    );
    const waited = wait(START_MS, undefined, { ref: false });
    void Promise.race([worker.ready.catch(() => {}), waited]).then(() => {
      this.#starting -= 1;
    });
    void worker.gone.then(() => {
      this.#workers.delete(worker);
      this.#outdated.delete(worker);
      clearTimeout(this.#idle.get(worker));
      this.#idle.delete(worker);
      if (!this.#closed) this.#replace(imported);
    });
  }

  /**
   * Replaces a process that has ended, if invocations need a further process or none is left. The new process is started
   * immediately if the old process had imported its handler, and otherwise after a pause that becomes longer with each failed
   * import.
   */
  #replace(imported: boolean): void {
    const needed = (): boolean =>
      !this.#closed && this.#workers.size < Math.max(1, Math.min(this.#waiting.length, this.#maximum));
    if (imported) {
      if (needed()) this.#spawn();
      return;
    }
    setTimeout(() => needed() && this.#spawn(), this.#restartMs).unref();
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS.most);
  }
}
