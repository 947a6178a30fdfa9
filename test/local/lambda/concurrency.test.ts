import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { defined } from '../../../lambda/platform/defined.ts';
import { LocalQueues } from '../../../local/aws/queue.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { FunctionThrottled, type RunningFunctions, runFunctions } from '../../../local/lambda/running-functions.ts';
import type { Deployment } from '../../../local/template/deployed.ts';
import { environmentOf, givenFunction } from './given-function.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it.each([
  [2, [2, 3]],
  [undefined, [5, 0]],
] as const)(
  'a function with a reserved concurrency of %s runs and refuses %j of five calls at a time',
  async (reserved, [ran, refused]) => {
    const throttled: string[] = [];
    const running = await runningFunction(reserved, (name) => throttled.push(name));

    const results = await Promise.allSettled(Array.from({ length: 5 }, () => running.invoke('test', { wait: 200 })));

    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(results.length - reasons.length).toBe(ran);
    expect(reasons.filter((reason) => reason instanceof FunctionThrottled)).toHaveLength(refused);
    expect(throttled).toHaveLength(refused);
    expect(await running.invoke('test', {})).toBe('done');
  },
);

/** Starts a function that waits for as long as its event says. */
async function runningFunction(
  reservedConcurrency: number | undefined,
  onThrottle: (name: string) => void,
): Promise<RunningFunctions> {
  const directory = await mkdtemp(join(tmpdir(), 'mailover-concurrency-'));
  closers.push(() => rm(directory, { recursive: true }));
  const handler = 'export const handler = ({ wait = 0 }) => new Promise((done) => setTimeout(done, wait, "done"));';
  await writeFile(join(directory, 'index.mjs'), handler);
  const target = givenFunction(directory, defined({ reservedConcurrency }));
  const route = { key: '$default', functionName: 'test', timeoutMs: 10_000 };
  const deployment: Pick<Deployment, 'functions' | 'mappings' | 'apis' | 'schedules'> = {
    functions: [target],
    mappings: [],
    apis: [{ id: 'api', stage: '$default', routes: [route] }],
    schedules: [],
  };
  const clock = new StackClock();
  let running: RunningFunctions | undefined;
  await runFunctions({
    deployment: deployment as Deployment,
    queues: new LocalQueues(clock),
    faults: new FaultBoard(),
    clock,
    listeners: { onOutput: () => {}, onInvocation: () => {}, onThrottle },
    environmentOf,
    onStarted(started) {
      running = started;
      closers.push(started.close);
    },
  });
  if (running === undefined) throw new Error('the functions did not start');
  return running;
}
