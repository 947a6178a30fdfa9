import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptedEntry, givenStack, type RunningStack } from '../support/running-stack.ts';
import { signalProcess } from '../support/signal-process.ts';

const SUBMISSIONS = 300;
const KILLS = 3;

/**
 * Longest wait, in milliseconds, until the queues are empty. A mail that a killed sender process had claimed waits for the end of
 * the lease: one minute of real time at any time scale.
 */
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
    const text = 'Never lost, seldom sent twice.';
    const mail = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], text };
    await stack.send(ids.map((id) => ({ ...mail, id })));

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
      const unknownAttempts = attempts.filter(({ outcome }) => outcome === 'unknown');
      expect(unknownAttempts.length, `${id} was taken by ${providers.join(' and ')}`).toBeGreaterThanOrEqual(
        providers.length - 1,
      );
    }
  });
});

/** Returns, for each submission, the keys of the providers that accepted it, in the order of acceptance. */
async function takenOf(stack: RunningStack, ids: readonly string[]): Promise<Map<string, string[]>> {
  const taken = new Map<string, string[]>();
  const response = await fetch(new URL('/api/accepted?raw=false', stack.url));
  for (const { submissionId, provider } of (await response.json()) as AcceptedEntry[])
    if (ids.includes(submissionId)) taken.set(submissionId, [...(taken.get(submissionId) ?? []), provider]);
  return taken;
}

async function killSenders(stack: RunningStack): Promise<void> {
  for (const { function: name, pid } of (await stack.refresh()).processes)
    if (name === 'sender') signalProcess(pid, 'SIGKILL');
}
