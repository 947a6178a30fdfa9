import { LocalQueue, type LocalQueues } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { DeployedFunction, Deployment } from '../template/deployed.ts';
import { Poller } from './poller.ts';
import { Pool, type PoolListeners } from './pool.ts';

/** Largest number of processes of one function on this machine, even if the template allows a higher concurrency. */
const MOST_PROCESSES = 10;

/** Error for an invocation that Lambda refuses, because the concurrency that is reserved for the function is used up. */
export class FunctionThrottled extends Error {}

export interface RunningFunctions {
  readonly processes: readonly { readonly function: string; readonly pid: number }[];
  /**
   * Invokes a function once, as an AWS service would. Rejects if the function does not exist, throws or times out, or if its
   * process ends. Rejects with {@link FunctionThrottled} if the function's reserved concurrency is used up. Batches from queues
   * are not processed by this method; they wait until a process is free.
   */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /**
   * Replaces the processes of a function by new processes, which have nothing in memory. Resolves when the old processes get no
   * further invocations. The method also waits for invocations in progress, at most `waitMs` milliseconds of real time.
   * @default waitMs 0
   */
  renew(functionName: string, waitMs?: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts every function that a queue, a schedule or a route of an HTTP API invokes. Resolves when each of these functions has a
 * process that has imported the handler.
 */
export async function runFunctions(options: {
  readonly deployment: Deployment;
  readonly queues: LocalQueues;
  readonly faults: FaultBoard;
  readonly clock: StackClock;
  readonly listeners: PoolListeners;
  environmentOf(target: DeployedFunction): Readonly<Record<string, string>>;
  /** Called before the first `await`, so that the caller can close the functions even if the start fails later. */
  onStarted(running: RunningFunctions): void;
}): Promise<void> {
  const { deployment, queues, faults, clock } = options;
  const pools: Pool[] = [];
  const pollers: Poller[] = [];
  const running: RunningFunctions = {
    get processes() {
      return pools.flatMap((pool) => pool.pids.map((pid) => ({ function: shortName(pool.target.name), pid })));
    },
    async invoke(functionName, event) {
      const pool = pools.find(({ target }) => target.name === functionName);
      if (pool === undefined) throw new Error(`there is no function ${functionName}`);
      const { name, reservedConcurrency = Number.POSITIVE_INFINITY } = pool.target;
      if (pool.calls >= reservedConcurrency) {
        options.listeners.onThrottle(name);
        throw new FunctionThrottled(`${name} has no concurrency left`);
      }
      return await pool.invoke(event);
    },
    async renew(functionName, waitMs) {
      await Promise.all(pools.filter(({ target }) => target.name === functionName).map((pool) => pool.renew(waitMs)));
    },
    async close() {
      const polling = pollers.map((poller) => poller.close());
      await Promise.all(pools.map((pool) => pool.close()));
      await Promise.all(polling);
    },
  };
  // The routes of HTTP APIs and the schedules. Each of them contains the name of the function that it invokes.
  const callers = [...deployment.apis.flatMap(({ routes }) => routes), ...deployment.schedules];
  const invoked = new Set(callers.map(({ functionName }) => functionName));
  for (const target of deployment.functions) {
    const mappings = deployment.mappings.filter(({ functionName }) => functionName === target.name);
    if (mappings.length === 0 && !invoked.has(target.name)) continue;
    const allowed = invoked.has(target.name)
      ? MOST_PROCESSES
      : mappings.reduce((sum, { maximumConcurrency = MOST_PROCESSES }) => sum + maximumConcurrency, 0);
    const maximum = Math.min(MOST_PROCESSES, allowed, target.reservedConcurrency ?? MOST_PROCESSES);
    pools.push(new Pool(target, () => options.environmentOf(target), maximum, options.listeners));
  }
  options.onStarted(running);
  // The environment variables of the functions contain the time scale. Therefore new processes are needed when the scale changes.
  clock.onChange(() => {
    for (const pool of pools) void pool.renew();
  });
  await Promise.all(pools.map(({ ready }) => ready));
  for (const mapping of deployment.mappings) {
    const pool = pools.find(({ target }) => target.name === mapping.functionName);
    const queue = queues.getQueueByArn(mapping.queueArn);
    if (pool === undefined || !(queue instanceof LocalQueue)) continue;
    pollers.push(new Poller({ mapping, queue, queues, pool, faults, clock }));
  }
}

/** Returns the name of a function without its prefix and suffix, for example `sender` for `mailover-sender-function`. */
function shortName(name: string): string {
  return name.replace(/^mailover-/, '').replace(/-(function|handler|lambda)$/, '');
}
