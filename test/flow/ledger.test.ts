import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

const TIME_SCALE = 120;

let stack: RunningStack;

beforeAll(async () => {
  stack = await givenStack(TIME_SCALE);
}, 30_000);

afterEach(() => stack.repairAll());
afterAll(() => stack.close());

describe('the ledger on the local stack', () => {
  it('uses a look-up at the provider to find a mail whose answer was lost', { timeout: 60_000 }, async () => {
    await stack.breakProvider('postmark', { network: 'reset-after-accept', times: 1 });

    await put({ id: 'ledger/found' });

    await expectState('ledger/found', 'accepted');
    expect(await takers('ledger/found')).toEqual(['postmark']);
    expect(await stack.submission('ledger/found')).toMatchObject({
      attempts: [{ provider: 'postmark', outcome: 'accepted', reason: 'found' }],
    });
  });

  it('sends no mail twice if a delivery event proves the acceptance at a provider without look-ups', {
    timeout: 60_000,
  }, async () => {
    // The simulated provider posts the delivery event after a fixed real time. At this time scale, the mail waits for a longer
    // time, so the event arrives first.
    await setTimeScale(12);
    await stack.breakProvider('ses', { network: 'reset-after-accept', times: 1 });

    await put({ id: 'ledger-doubt', providers: { only: ['ses', 'mailgun'] } });

    await expectState('ledger-doubt', 'accepted');
    expect(await takers('ledger-doubt')).toEqual(['ses']);
    await setTimeScale(TIME_SCALE);
  });

  it('dead-letters mail that must not be sent twice if its answer is lost and the provider has no look-ups', {
    timeout: 60_000,
  }, async () => {
    await stack.breakProvider('ses', { network: 'reset', times: 1 });

    await put({ id: 'ledger-hold', onUnknown: 'hold', providers: { only: ['ses', 'mailgun'] } });

    const [letter] = await stack.letters(1);
    expect(letter?.MessageAttributes).toMatchObject({
      Reason: { StringValue: 'Unknown' },
      SubmissionId: { StringValue: 'ledger-hold' },
      LastProvider: { StringValue: 'ses' },
    });
    expect(await takers('ledger-hold')).toEqual([]);
  });

  it('sends one of many copies that are submitted at the same time or later', { timeout: 60_000 }, async () => {
    await stack.breakProvider('postmark', { delayMs: 300 });

    await Promise.all(Array.from({ length: 12 }, () => put({ id: 'ledger-copies' })));

    await expectState('ledger-copies', 'accepted');
    await put({ id: 'ledger-copies' });
    await stack.until(async () => (await stack.depth([stack.info.queues.outbound])) === 0);
    expect(await takers('ledger-copies')).toEqual(['postmark']);
  });

  it('dead-letters another content with the same id', { timeout: 60_000 }, async () => {
    await put({ id: 'ledger-conflict' });
    await expectState('ledger-conflict', 'accepted');

    await put({ id: 'ledger-conflict', text: 'something else' });

    const [letter] = await stack.letters(1);
    expect(letter?.MessageAttributes).toMatchObject({ Reason: { StringValue: 'IdConflict' } });
    expect(await takers('ledger-conflict')).toHaveLength(1);
  });

  it('loses no mail and sends none twice while a quarter of all writes fail', { timeout: 60_000 }, async () => {
    await stack.breakAws({
      service: 'dynamodb',
      operation: 'PutItem',
      error: 'ProvisionedThroughputExceededException',
      rate: 0.25,
    });
    const ids = Array.from({ length: 30 }, (_, place) => `ledger-throttled-${place}`);

    for (const id of ids) await put({ id });

    const accepted = await stack.accepted(ids);
    await stack.repairAll();
    for (const id of ids) await expectState(id, 'accepted');
    expect(accepted).toHaveLength(ids.length);
    expect(await stack.accepted(ids)).toHaveLength(ids.length);
  });

  it('sends no mail while the table is down, and sends it afterwards', { timeout: 60_000 }, async () => {
    await stack.breakAws({ service: 'dynamodb', error: 'InternalServerError' });
    await put({ id: 'ledger-away' });
    await stack.until(async () => (await stack.depth(Object.values(stack.info.queues.retry))) === 1);
    expect(await takers('ledger-away')).toEqual([]);

    await stack.repairAll();

    await expectState('ledger-away', 'accepted');
    expect(await takers('ledger-away')).toEqual(['postmark']);
  });
});

async function put(change: object): Promise<void> {
  const mail = { version: 1, from: 'shop@example.com', to: ['ada@example.org'], subject: 'ledger', text: 'Once.' };
  await stack.send([{ ...mail, ...change }]);
}

async function takers(id: string): Promise<string[]> {
  return (await stack.entries(id)).map(({ provider }) => provider);
}

async function setTimeScale(scale: number): Promise<void> {
  const response = await fetch(`${stack.url}/api/time`, { method: 'PUT', body: JSON.stringify({ scale }) });
  expect(response.ok).toBe(true);
}

async function expectState(id: string, state: string): Promise<void> {
  await expect.poll(async () => (await stack.submission(id))?.state, { timeout: 50_000 }).toBe(state);
}
