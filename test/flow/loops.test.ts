import { type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** At this time scale, an hour of the local stack lasts 1.5 real seconds. */
const TIME_SCALE = 2_400;

/** Lambda detects recursive loops: after this number of invocations in one chain of messages, it refuses the next invocation. */
const LOOP_LIMIT = 16;

/** Number of invocations of the sender function for one mail that waits for about eleven hours. */
const FAR_BEYOND = 40;

let stack: RunningStack;

describe('with the settings of a deployment', () => {
  beforeAll(async () => {
    stack = await givenStack(TIME_SCALE, 'test/flow/apps/loops.ts');
  }, 60_000);

  afterAll(() => stack?.close());

  it('mail is sent after an outage with more invocations than loop detection allows', { timeout: 90_000 }, async () => {
    await stack.breakProvider('mailgun', { network: 'refuse' });
    await send('patient');

    await stack.until(async () => (await invocations()) >= FAR_BEYOND);
    expect(await stack.entries('patient')).toEqual([]);
    expect(await stack.receiveLetters()).toEqual([]);
    await stack.repairAll();

    expect(await stack.accepted(['patient'])).toHaveLength(1);
  });

  it('received mail begins its own chain of invocations', { timeout: 60_000 }, async () => {
    const raw = Buffer.from('From: a@example.org\r\nTo: box@in.example.com\r\nSubject: hello\r\n\r\nhello\r\n');

    const { status } = await fetch(new URL('/api/providers/mailgun/inbound', stack.url), {
      method: 'POST',
      body: JSON.stringify({ raw: raw.toString('base64'), from: 'a@example.org', to: ['box@in.example.com'] }),
    });

    expect(status).toBeLessThan(300);
    expect((await received()).Attributes?.['AWSTraceHeader']).toMatch(/;Lineage=1:/);
  });
});

describe('with the loop detection that Lambda has by default', () => {
  beforeAll(async () => {
    stack = await givenStack(TIME_SCALE, 'test/flow/apps/loops-end.ts');
  }, 60_000);

  afterAll(() => stack?.close());

  it('mail that waits for a long outage is moved to the dead-letter queue without a reason', {
    timeout: 90_000,
  }, async () => {
    await stack.breakProvider('mailgun', { network: 'refuse' });
    await send('unheard');

    const [letter] = await stack.letters(1);

    expect(letter?.MessageAttributes?.['SubmissionId']?.StringValue).toBe('unheard');
    expect(letter?.MessageAttributes?.['Reason']).toBeUndefined();
    expect(await invocations()).toBe(LOOP_LIMIT);
  });
});

async function send(id: string): Promise<void> {
  const { outbound: QueueUrl } = stack.info.queues;
  const mail = { version: 1, id, from: 'a@example.com', to: ['b@example.org'], subject: id, text: 'hello' };
  const MessageBody = JSON.stringify(mail);
  await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'waits' }));
}

/** Returns how often the sender function was invoked so far. */
async function invocations(): Promise<number> {
  const metrics = (await (await fetch(`${stack.url}/api/metrics`)).json()) as {
    readonly name: string;
    readonly dimensions: Readonly<Record<string, string>>;
    readonly points: readonly { readonly sum: number }[];
  }[];
  return metrics
    .filter(({ name, dimensions }) => name === 'Invocations' && /sender/i.test(Object.values(dimensions).join()))
    .flatMap(({ points }) => points)
    .reduce((sum, point) => sum + point.sum, 0);
}

/** Waits for the first message of the inbound queue, and returns this message. */
async function received(): Promise<Message> {
  const { inbound: QueueUrl } = stack.info.queues;
  const found: Message[] = [];
  await stack.until(async () => {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['AWSTraceHeader'] }),
    );
    found.push(...Messages);
    return found.length > 0;
  });
  return found[0] as Message;
}
