import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FullStackInfo } from '../../local/api/stack-info.ts';
import { type RunningStack, startLocalStack } from '../support/local-stack.ts';
import { localAws } from '../support/open-stack.ts';
import { signalProcess } from '../support/signal-process.ts';

const SUBMISSIONS = 200;
const KILLS = 4;

describe('a sender process that is killed', () => {
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await startLocalStack(4820, 60);
    // Every answer of the simulated provider takes some time, so that attempts are in progress whenever a process is killed.
    await fetch(`${stack.base}/api/providers/postmark/fault`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ delayMs: 150 }),
    });
  });

  afterAll(() => stack?.stop());

  it('loses no mail, however often it is killed in the middle of a batch', { timeout: 240_000 }, async () => {
    const ids = Array.from({ length: SUBMISSIONS }, (_, index) => `kill-${index}`);
    const { queues, endpoints } = await stack.get<FullStackInfo>('/api/stack');
    await submit(endpoints.aws, queues.outbound, ids);

    const killed = new Set<number>();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const share = (SUBMISSIONS * kill) / (KILLS + 2);
      await until(async () => (await acceptedIds(stack)).size >= share);
      killed.add(await killOneSender(stack, killed));
    }

    expect(killed.size).toBe(KILLS);
    // If a killed process had claimed a mail, the mail waits until the Lambda invocation of the process would have ended. The
    // time-out of an invocation is in real time at any time scale. After this time-out, SQS delivers the message again.
    await until(async () => (await acceptedIds(stack)).size >= SUBMISSIONS, 150_000);
    expect([...(await acceptedIds(stack))].sort()).toEqual([...ids].sort());
  });
});

async function submit(endpoint: string, queueUrl: string, ids: readonly string[]): Promise<void> {
  const sqs = new SQSClient(localAws(endpoint));
  for (let start = 0; start < ids.length; start += 10) {
    const Entries = ids.slice(start, start + 10).map((id, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify({
        version: 1,
        id,
        from: 'shop@example.com',
        to: ['ada@example.org'],
        subject: id,
        text: 'No mail may be lost.',
      }),
    }));
    const { Successful } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    expect(Successful).toHaveLength(Entries.length);
  }
  sqs.destroy();
}

async function acceptedIds(stack: RunningStack): Promise<Set<string>> {
  const accepted = await stack.get<{ submissionId?: string }[]>('/api/accepted?raw=false');
  return new Set(accepted.flatMap(({ submissionId }) => submissionId ?? []));
}

/** Kills a running sender process, and waits until a new process has replaced the killed process. */
async function killOneSender(stack: RunningStack, killed: ReadonlySet<number>): Promise<number> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const { processes } = await stack.get<FullStackInfo>('/api/stack');
    const victim = processes.find((it) => it.function === 'sender' && !killed.has(it.pid));
    if (victim && signalProcess(victim.pid, 'SIGKILL')) return victim.pid;
  }
  throw new Error('no new sender process appeared after a kill');
}

async function until(condition: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  await expect.poll(condition, { timeout: withinMs, interval: 50 }).toBe(true);
}
