import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedEntry, givenStack, type RunningStack } from '../support/running-stack.ts';

const SUBMISSIONS = 300;
const KILLS = 3;

/** Time to wait for mail that a killed sender had claimed: its lease lasts a minute at any scale. */
const PATIENCE_MS = 180_000;

describe('a stack in which all parts fail at once', () => {
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await givenStack(60);
  });

  afterAll(() => stack?.close());

  it('loses no mail, and sends twice only after a lost answer', { timeout: 260_000 }, async () => {
    await stack.breakProvider('postmark', [
      { network: 'reset-after-accept', rate: 0.1 },
      { respond: { status: 500, body: '' }, rate: 0.1 },
      { network: 'refuse', rate: 0.05 },
      { delayMs: 100 },
    ]);
    await stack.breakProvider('mailgun', { network: 'reset', rate: 0.2 });
    await stack.breakAws([
      { service: 'dynamodb', operation: 'PutItem', error: 'InternalServerError', rate: 0.03 },
      { service: 'sqs', operation: 'SendMessage', error: 'ServiceUnavailable', rate: 0.05 },
    ]);
    const ids = Array.from({ length: SUBMISSIONS }, (_, index) => `promise-${index}`);
    await submit(stack, ids);

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const share = (SUBMISSIONS * kill) / (KILLS + 3);
      await stack.until(async () => (await takenOf(stack, ids)).size >= share);
      await killSenders(stack);
    }
    await stack.repairAll();
    const { queues } = stack.info;
    await expect
      .poll(() => stack.depth([queues.outbound, ...Object.values(queues.retry)]), {
        timeout: PATIENCE_MS,
        interval: 500,
      })
      .toBe(0);

    const taken = await takenOf(stack, ids);
    expect(ids.filter((id) => !taken.has(id))).toEqual([]);
    expect(await stack.depth([queues.deadLetter])).toBe(0);
    for (const [id, providers] of taken) {
      if (providers.length === 1) continue;
      const attempts = (await stack.submission(id))?.attempts as readonly { readonly outcome?: string }[];
      const doubts = attempts.filter(({ outcome }) => outcome === 'unknown');
      expect(doubts.length, `${id} was taken by ${providers.join(' and ')}`).toBeGreaterThanOrEqual(
        providers.length - 1,
      );
    }
  });
});

async function submit(stack: RunningStack, ids: readonly string[]): Promise<void> {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sqs = new SQSClient({ endpoint: stack.info.endpoints.aws, region: 'us-east-1', credentials });
  const mail = {
    version: 1,
    from: 'shop@example.com',
    to: ['ada@example.org'],
    text: 'Never lost, seldom sent twice.',
  };
  for (let start = 0; start < ids.length; start += 10) {
    const Entries = ids
      .slice(start, start + 10)
      .map((id, place) => ({ Id: String(place), MessageBody: JSON.stringify({ ...mail, id }) }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: stack.info.queues.outbound, Entries }));
  }
  sqs.destroy();
}

/** Providers that accepted each submission, in order. */
async function takenOf(stack: RunningStack, ids: readonly string[]): Promise<Map<string, string[]>> {
  const taken = new Map<string, string[]>();
  const response = await fetch(new URL('/api/accepted?raw=false', stack.url));
  for (const { submissionId, provider } of (await response.json()) as AcceptedEntry[])
    if (ids.includes(submissionId)) taken.set(submissionId, [...(taken.get(submissionId) ?? []), provider]);
  return taken;
}

async function killSenders(stack: RunningStack): Promise<void> {
  for (const { function: name, pid } of (await stack.refresh()).processes)
    if (name === 'sender') process.kill(pid, 'SIGKILL');
}
