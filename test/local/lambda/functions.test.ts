import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqsMessage } from '../../../local/aws/fauxqs.ts';
import { type LocalQueue, LocalQueues } from '../../../local/aws/queue.ts';
import { recordSentFields } from '../../../local/aws/sent-fields.ts';
import { StackClock } from '../../../local/clock.ts';
import { FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { Poller } from '../../../local/lambda/poller.ts';
import { Pool } from '../../../local/lambda/pool.ts';
import { invocationsBefore, LOOP_LIMIT, traceOf } from '../../../local/lambda/trace.ts';
import type { DeployedFunction, DeployedMapping } from '../../../local/template/deployed.ts';
import { environmentOf, givenFunction } from './given-function.ts';

const HANDLER = `
export const handler = async (event, context) => {
  const commands = event.Records ? event.Records.map(({ body }) => JSON.parse(body)) : [event];
  for (const { wait, spin, exit } of commands) {
    if (exit) process.exit(1);
    while (spin) {}
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  if (commands.some(({ fail }) => fail === 'throw')) throw new Error('on purpose');
  if (event.Records) {
    const failed = event.Records.filter((_, index) => commands[index].fail);
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  }
  return { pid: process.pid, name: context.functionName, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID, region: process.env.REGION_OF_TEST, event };
};
`;

interface Answer {
  trace: string;
  pid: number;
  name: string;
  left: number;
  region: string;
  event: unknown;
}

let directory: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailover-runtime-'));
  await writeFile(join(directory, 'index.mjs'), HANDLER);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await rm(directory, { recursive: true });
});

function makePool(maximum: number, overrides: Partial<DeployedFunction> = {}): Pool {
  const target = givenFunction(directory, overrides);
  const environment = environmentOf(target, { REGION_OF_TEST: 'here' });
  const pool = new Pool(target, () => environment, maximum, {
    onOutput: () => {},
    onInvocation: () => {},
    onThrottle: () => {},
  });
  closers.push(() => pool.close());
  return pool;
}

function startPoller(
  attributes: Record<string, string>,
  overrides: Partial<DeployedMapping> = {},
  faults = new FaultBoard(),
  allowsLoops = false,
) {
  const clock = new StackClock(60);
  const queues = new LocalQueues(clock);
  const queue = queues.add('mail', attributes);
  const mapping: DeployedMapping = {
    functionName: 'test',
    queueArn: queue.arn,
    batchSize: 10,
    windowSeconds: 0,
    reportsBatchItemFailures: true,
    ...overrides,
  };
  const pool = makePool(1, { allowsLoops });
  const put = (...bodies: object[]) => {
    for (const body of bodies) queue.enqueue(messageOf(JSON.stringify(body)));
  };
  const start = () => {
    const poller = new Poller({ mapping, queue, queues, pool, faults, clock });
    closers.push(() => Promise.all([poller.close(), pool.close()]).then(() => {}));
  };
  const counts = () => ({
    left: Number(queue.getAttribute('ApproximateNumberOfMessages')),
    inFlight: queue.inflightMessages.size,
  });
  return { queue, pool, put, start, counts };
}

function messageOf(body: string) {
  return {
    messageId: crypto.randomUUID(),
    body,
    md5OfBody: '',
    messageAttributes: {},
    md5OfMessageAttributes: '',
    sentTimestamp: Date.now(),
    approximateReceiveCount: 0,
  };
}

/** Puts a message on a queue. The message looks as if a function sent it during an invocation with this trace header. */
function sendAs(queue: LocalQueue, trace: string) {
  const input = {};
  recordSentFields('SendMessage', input, trace);
  const { MessageAttributes: messageAttributes } = input as { readonly MessageAttributes: object };
  const message = { ...messageOf('{}'), messageAttributes };
  queue.enqueue(message as SqsMessage);
  return message;
}

describe('Pool', () => {
  it('runs the handler in a process with only the given environment', async () => {
    const pool = makePool(1);
    const answer = (await pool.invoke({ n: 1 })) as Answer;
    expect(answer).toMatchObject({ name: 'test', region: 'here', event: { n: 1 } });
    expect(answer.left).toBeGreaterThan(5000);
    expect(pool.pids).toEqual([answer.pid]);
  });

  it('gives each invocation a trace header one longer than the longest chain of its messages', async () => {
    const pool = makePool(1);
    const first = (await pool.invoke({})) as Answer;
    const second = (await pool.invoke({}, undefined, [undefined, first.trace, traceOf('other')])) as Answer;
    const third = (await pool.invoke({}, undefined, [first.trace, second.trace])) as Answer;
    expect([first, second, third].map(({ trace }) => invocationsBefore(trace))).toEqual([1, 2, 3]);
    expect(first.trace).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$/,
    );
  });

  it('rejects when the handler throws, and keeps the process', async () => {
    const pool = makePool(1);
    await expect(pool.invoke({ fail: 'throw' })).rejects.toThrow('the handler threw Error');
    const [pid] = pool.pids;
    expect(((await pool.invoke({})) as Answer).pid).toBe(pid);
  });

  it('grows when work waits, up to its maximum', async () => {
    const pool = makePool(2);
    const answers = (await Promise.all(
      [{ wait: 1500 }, { wait: 1500 }, {}].map((event) => pool.invoke(event)),
    )) as Answer[];
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
    expect(pool.pids).toHaveLength(2);
  });

  it('starts a further process only after the process before it has imported its handler', async () => {
    const slowly = 'await new Promise((resolve) => setTimeout(resolve, 1_000));';
    await writeFile(join(directory, 'index.mjs'), slowly + HANDLER);
    const pool = makePool(4);
    const calls = Array.from({ length: 4 }, () => pool.invoke({ wait: 3_000 }));
    const starting: number[] = [];
    void pool.ready.then(() => starting.push(pool.pids.length));

    await expect.poll(() => pool.pids.length).toBe(2);

    expect(starting).toEqual([1]);
    await Promise.all(calls);
  });

  it('stays at one process when no invocation has to wait', async () => {
    const pool = makePool(10);
    // All invocations wait while the first process starts. On a busy machine this takes longer than `GROW_AFTER_MS`.
    await pool.ready;
    for (let count = 0; count < 20; count++) await pool.invoke({});
    expect(pool.pids).toHaveLength(1);
  });

  it('kills a process at its time-out, even in a busy loop, and replaces it', async () => {
    const pool = makePool(1, { timeoutSeconds: 1 });
    await pool.ready;
    const [before] = pool.pids;
    await expect(pool.invoke({ spin: true })).rejects.toThrow('a process of test ended');
    expect(((await pool.invoke({})) as Answer).pid).not.toBe(before);
  });

  it('replaces a process that was killed from outside while idle', async () => {
    const pool = makePool(1);
    await pool.ready;
    const [before = 0] = pool.pids;
    process.kill(before, 'SIGKILL');
    await expect.poll(() => pool.pids[0] !== undefined && pool.pids[0] !== before).toBe(true);
    expect(((await pool.invoke({})) as Answer).pid).not.toBe(before);
  });

  it('leaves no process behind', async () => {
    const pool = makePool(1);
    await pool.ready;
    const [pid = 0] = pool.pids;
    await pool.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('replaces every process by one with the current environment, and lets invocations finish', async () => {
    let region = 'here';
    const target = givenFunction(directory);
    const environment = () => environmentOf(target, { REGION_OF_TEST: region });
    const seen: boolean[] = [];
    const pool = new Pool(target, environment, 1, {
      onOutput: () => {},
      onInvocation: ({ failed }) => seen.push(failed),
      onThrottle: () => {},
    });
    closers.push(() => pool.close());
    await pool.ready;
    const running = pool.invoke({ wait: 400 }) as Promise<Answer>;
    region = 'there';
    const renewed = pool.renew();

    expect(await running).toMatchObject({ region: 'here' });
    await renewed;
    expect(await pool.invoke({})).toMatchObject({ region: 'there' });
    expect(seen).toEqual([false, false]);
  });
});

describe('Poller', () => {
  it('deletes successes and leaves the reported failures until their visibility time-out', async () => {
    const { queue, put, start, counts } = startPoller({ VisibilityTimeout: '6000' });
    put({}, { fail: 'report' }, {});
    start();
    await expect.poll(counts).toEqual({ left: 0, inFlight: 1 });
    expect([...queue.inflightMessages.values()].map(({ message }) => message.body)).toEqual(['{"fail":"report"}']);
  });

  it('leaves the whole batch when the handler throws, and delivers it again', async () => {
    const { queue, put, start } = startPoller({ VisibilityTimeout: '6' });
    put({}, { fail: 'throw' });
    const kept = [...queue.messages];
    start();
    await expect.poll(() => kept.map((message) => message.approximateReceiveCount >= 2)).toEqual([true, true]);
  });

  it('leaves the batch of a process that crashes', async () => {
    const { put, start, counts, pool } = startPoller({ VisibilityTimeout: '6000' });
    put({}, { exit: true });
    await pool.ready;
    const [before] = pool.pids;
    start();
    await expect.poll(counts).toEqual({ left: 0, inFlight: 2 });
    await expect.poll(() => pool.pids[0] !== undefined && pool.pids[0] !== before).toBe(true);
    put({});
    await expect.poll(counts).toEqual({ left: 0, inFlight: 2 });
  });

  it.each([
    { before: 15, allowsLoops: false, invoked: true },
    { before: 16, allowsLoops: false, invoked: false },
    { before: 400, allowsLoops: true, invoked: true },
  ])('after a chain of $before invocations, loops allowed: $allowsLoops, invokes: $invoked', async (given) => {
    const { queue, start, counts } = startPoller({ VisibilityTimeout: '6' }, {}, undefined, given.allowsLoops);
    const message = sendAs(queue, `Root=1-a-b;Parent=c;Sampled=0;Lineage=${given.before}:a87bd80c:0`);
    start();
    if (given.invoked) await expect.poll(() => counts().left + counts().inFlight).toBe(0);
    else await expect.poll(() => message.approximateReceiveCount).toBeGreaterThanOrEqual(3);
  });

  describe.each([true, false])('with loops allowed: %s', (allowsLoops) => {
    it.each([
      ['a canary', 'the health check, by its schedule', 'the sender'],
      ['received mail', 'the receiver, by a request', 'a function of the application'],
      ['mail that was fetched', 'the reconciler, by its schedule', 'a function of the application'],
    ])('%s starts a chain, however often its process has run', async (_mail, from, to) => {
      const first = makePool(1, { name: from });
      for (let run = 0; run < LOOP_LIMIT; run += 1) await first.invoke({});
      const { trace } = (await first.invoke({})) as Answer;
      const { queue, start, counts } = startPoller(
        { VisibilityTimeout: '6' },
        { functionName: to },
        undefined,
        allowsLoops,
      );

      sendAs(queue, trace);
      start();

      expect(invocationsBefore(trace)).toBe(1);
      await expect.poll(() => counts().left + counts().inFlight).toBe(0);
    });

    it(`mail that waits is ${allowsLoops ? 'processed' : 'refused'} after sixteen rounds of the sender`, async () => {
      const { queue, pool, start, counts } = startPoller({ VisibilityTimeout: '6' }, {}, undefined, allowsLoops);
      let trace: string | undefined;
      for (let round = 0; round < LOOP_LIMIT; round += 1)
        ({ trace } = (await pool.invoke({}, undefined, [trace])) as Answer);

      const message = sendAs(queue, trace as string);
      start();

      if (allowsLoops) await expect.poll(() => counts().left + counts().inFlight).toBe(0);
      else await expect.poll(() => message.approximateReceiveCount).toBeGreaterThanOrEqual(3);
    });
  });

  it('does not delete while a fault applies to DeleteMessageBatch', async () => {
    const faults = new FaultBoard();
    await faults.set('aws', parseFaults({ service: 'sqs', operation: 'DeleteMessage', error: 'InternalError' }));
    const { queue, put, start } = startPoller({ VisibilityTimeout: '6' }, {}, faults);
    put({});
    const [message] = queue.messages;
    start();
    await expect.poll(() => message?.approximateReceiveCount).toBeGreaterThanOrEqual(2);
    await faults.clear('aws');
    await expect.poll(() => queue.inflightMessages.size + queue.messages.length).toBe(0);
  });
});
