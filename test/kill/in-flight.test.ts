import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';
import { signalProcess } from '../support/signal-process.ts';

/**
 * Before a sender process sends a mail, it claims the mail with a lease in the state table. If the process is killed, its lease
 * lasts until the Lambda invocation would have ended. Leases are in real time at any time scale.
 */
const LEASE_MS = 60_000;

describe('a mail that a killed sender had in flight', () => {
  let stack: RunningStack;

  beforeAll(async () => {
    stack = await givenStack(60);
  });

  afterAll(() => stack?.close());

  it('is found at the provider that accepted it, and sent to no other', async () => {
    await stack.breakProvider('postmark', { network: 'hang-after-accept', times: 1 });
    const mail = { version: 1, id: 'killed', from: 'shop@example.com', to: ['ada@example.org'], text: 'Once.' };
    await stack.send([mail]);
    const takers = async () => (await stack.entries('killed')).map(({ provider }) => provider);
    await expect.poll(takers, { timeout: 20_000 }).toEqual(['postmark']);

    for (const { function: name, pid } of (await stack.refresh()).processes)
      if (name === 'sender') signalProcess(pid, 'SIGKILL');

    const state = async () => (await stack.submission('killed'))?.state;
    await expect.poll(state, { timeout: LEASE_MS + 30_000, interval: 250 }).toBe('accepted');
    expect(await takers()).toEqual(['postmark']);
    expect(await stack.submission('killed')).toMatchObject({ attempts: [{ outcome: 'accepted', reason: 'found' }] });
  });
});
