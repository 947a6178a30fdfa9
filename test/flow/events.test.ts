import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryEvent } from '../../lambda/contract/event.ts';
import { mailBy } from '../support/mail-by.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };

let stack: OpenStack;
const events: DeliveryEvent[] = [];

beforeAll(async () => {
  stack = await openStack({ timeScale: 20 });
});
afterAll(async () => {
  await stack?.close();
});

describe.each(['postmark', 'mailgun', 'ses'])('mail through %s', (provider) => {
  const first = provider === 'postmark' ? [] : ['accepted'];

  it('is reported as delivered', async () => {
    await stack.send([mailBy(provider, `${provider}-welcome`, 'ada@example.net')]);

    await expect.poll(() => typesOf(`${provider}-welcome`), PATIENCE).toEqual([...first, 'delivered']);
    expect(events.at(-1)).toMatchObject({
      provider,
      recipient: 'ada@example.net',
      submissionId: `${provider}-welcome`,
      attempt: 1,
    });
  });

  it('that bounces prevents the next mail to its address from reaching a provider', async () => {
    const gone = `bounce+${provider}@simulator.amazonses.com`;
    await stack.send([mailBy(provider, `${provider}-first`, gone)]);
    await expect.poll(() => typesOf(`${provider}-first`), PATIENCE).toContain('bounced');
    expect(eventOf(provider, 'bounced')).toMatchObject({
      bounce: 'hard',
      reason: 'mailbox-unknown',
      recipient: gone,
      suppressed: true,
    });

    await stack.send([mailBy(provider, `${provider}-second`, gone)]);

    await expect
      .poll(() => stack.api('GET', `/api/submissions/${provider}-second`), PATIENCE)
      .toMatchObject({ state: 'suppressed' });
    await expect.poll(() => typesOf(`${provider}-second`), PATIENCE).toEqual(['suppressed']);
    expect(await stack.api('GET', `/api/accepted?id=${provider}-second`)).toEqual([]);
  });

  it('that is delivered and reported as spam suppresses its address', async () => {
    await stack.send([mailBy(provider, `${provider}-unwanted`, `complaint+${provider}@simulator.amazonses.com`)]);

    await expect
      .poll(() => typesOf(`${provider}-unwanted`), PATIENCE)
      .toEqual(expect.arrayContaining(['delivered', 'complained']));
    expect(eventOf(provider, 'complained')).toMatchObject({ suppressed: true });
  });

  it('that is blocked does not suppress its address', async () => {
    await stack.send([mailBy(provider, `${provider}-blocked`, 'Blocked@bounce-testing.postmarkapp.com')]);

    await expect.poll(() => typesOf(`${provider}-blocked`), PATIENCE).toContain('bounced');
    const bounced = eventOf(provider, 'bounced');
    expect(bounced).toMatchObject({ bounce: 'blocked' });
    expect(bounced).not.toHaveProperty('suppressed');
  });
});

it('the list contains addresses that bounced; after a removal, mail to the address is sent again and the provider accepts it', async () => {
  const gone = 'HardBounce@bounce-testing.postmarkapp.com';
  await stack.send([mailBy('postmark', 'listed', gone)]);
  await expect.poll(() => typesOf('listed'), PATIENCE).toContain('bounced');
  const listed = (await stack.api('GET', '/api/suppressions')) as { address: string }[];
  expect(listed.find(({ address }) => address === gone)).toMatchObject({ reason: 'hard-bounce', source: 'postmark' });

  expect(await stack.api('POST', '/api/suppressions', { command: 'remove', address: gone })).toMatchObject({
    listed: true,
    providers: expect.arrayContaining([{ provider: 'postmark', result: 'removed' }]),
  });

  await stack.send([mailBy('postmark', 'again', gone)]);
  await expect.poll(() => stack.api('GET', '/api/accepted?id=again'), PATIENCE).toHaveLength(1);
});

it('a webhook request that is answered with an error is repeated after the pause of its provider', async () => {
  await stack.api('PUT', '/api/aws/fault', {
    service: 'sqs',
    operation: 'SendMessage',
    error: 'ServiceUnavailable',
  });
  await stack.send([mailBy('postmark', 'late', 'bounce@simulator.amazonses.com')]);
  await expect.poll(() => stack.api('GET', '/api/accepted?id=late'), PATIENCE).toHaveLength(1);
  await expect.poll(refusedRequests, PATIENCE).toBeGreaterThan(0);

  await stack.api('DELETE', '/api/aws/fault');

  await expect.poll(() => typesOf('late'), PATIENCE).toContain('bounced');
});

it('DELETE /api/state empties the suppression list and the lists of the providers', async () => {
  expect(await stack.api('GET', '/api/suppressions')).not.toEqual([]);

  await stack.api('DELETE', '/api/state');

  expect(await stack.api('GET', '/api/suppressions')).toEqual([]);
  await stack.send([mailBy('postmark', 'after', 'bounce@simulator.amazonses.com')]);
  await expect.poll(() => stack.api('GET', '/api/accepted?id=after'), PATIENCE).toHaveLength(1);
});

async function refusedRequests(): Promise<number> {
  const metrics = (await stack.api('GET', '/api/metrics')) as {
    name: string;
    dimensions: { outcome?: string };
    points: { sum: number }[];
  }[];
  return metrics
    .filter(({ name, dimensions }) => name === 'EventRequests' && dimensions.outcome === 'failed')
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + point.sum, 0);
}

function eventOf(provider: string, type: string): DeliveryEvent | undefined {
  return events.findLast((event) => event.provider === provider && event.type === type);
}

/** Returns the types of all delivery events of one submission that were on the events queue so far, in order of arrival. */
async function typesOf(id: string): Promise<string[]> {
  const QueueUrl = stack.stack.info.queues.events;
  const { Messages = [] } = await stack.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { Body = '', ReceiptHandle } of Messages) {
    events.push(JSON.parse(Body));
    await stack.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
  return events.filter(({ submissionId }) => submissionId === id).map(({ type }) => type);
}
