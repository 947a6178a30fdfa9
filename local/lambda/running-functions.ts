import type { LocalQueues } from '../aws/queue.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { DeployedFunction, Deployment } from '../template/deployed.ts';
import { Poller } from './poller.ts';
import { Pool, type PoolListeners } from './pool.ts';

/** Largest number of processes of a function on this machine, whatever the template allows. */
const MOST_PROCESSES = 10;

/** A call that Lambda refuses, since the concurrency that is reserved for the function is used up. */
export class FunctionThrottled extends Error {}

export interface RunningFunctions {
  readonly processes: readonly { readonly function: string; readonly pid: number }[];
  /**
   * Runs a function once, as an AWS service would; rejects if it throws, its process ends or it does not exist, and with
   * {@link FunctionThrottled} if as many calls as its reserved concurrency allows are not over. Batches of queues wait instead.
   */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /**
   * Replaces the processes of a function, so that their memory is lost; resolves when the old ones get no further
   * invocations. `waitMs` also waits that long for invocations in progress.
   * @default waitMs 0
   */
  renew(functionName: string, waitMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts every function with a trigger; resolves when each has a process that has imported its handler. */
export async function runFunctions(options: {
  readonly deployment: Deployment;
  readonly queues: LocalQueues;
  readonly faults: FaultBoard;
  readonly clock: StackClock;
  readonly listeners: PoolListeners;
  environmentOf(target: DeployedFunction): Readonly<Record<string, string>>;
  /** Called before anything is awaited, so that a failed start can be closed. */
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
  // Functions that an HTTP API or a schedule calls.
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
  // The time scale is part of the environment, so a change of it needs new processes.
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

/** `mailover-sender-function` is the `sender`. */
function shortName(name: string): string {
  return name.replace(/^mailover-/, '').replace(/-(function|handler|lambda)$/, '');
}
