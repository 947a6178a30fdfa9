import { randomUUID } from 'node:crypto';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inboundSchema } from '../../lambda/contract/inbound.ts';
import { signPost } from '../../local/simulators/mailgun/webhook.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

interface Address {
  readonly path: string;
  readonly signingKey: string;
  readonly username: string;
  readonly password: string;
}

let stack: RunningStack;
let http: string;
let mailgun: Address;
let postmark: Address;
let queueUrl: string;

beforeAll(async () => {
  stack = await givenStack(1);
  const { info } = stack;
  const addressOf = (key: string): Address => ({
    path: '',
    signingKey: '',
    username: '',
    password: '',
    ...info.inbound[key],
  });
  http = info.endpoints.http;
  mailgun = addressOf('mailgun');
  postmark = addressOf('postmark');
  queueUrl = info.queues.inbound;
}, 60_000);

afterAll(() => stack.close());

function postMailgun(messageId: string): RequestInit & { readonly path: string } {
  const headers = JSON.stringify([
    ['Message-Id', messageId],
    ['Subject', 'Hello'],
  ]);
  const signature = signPost(mailgun.signingKey, Math.floor(Date.now() / 1000));
  const fields = { ...signature, recipient: 'box@in.example.com', sender: 'a@example.org' };
  return {
    path: mailgun.path,
    method: 'POST',
    body: new URLSearchParams({ ...fields, 'body-plain': 'A text.', 'message-headers': headers }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}

function postPostmark(messageId: string): RequestInit & { readonly path: string } {
  return {
    path: postmark.path,
    method: 'POST',
    body: JSON.stringify({
      OriginalRecipient: 'box@in.example.com',
      Subject: 'Hello',
      TextBody: 'A text.',
      Headers: [{ Name: 'Message-ID', Value: messageId }],
      Attachments: [{ Name: 'a.txt', Content: 'aGk=', ContentType: 'text/plain', ContentLength: 2 }],
    }),
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${postmark.username}:${postmark.password}`).toString('base64')}`,
    },
  };
}

/** Repeats a request until the answer is 200, as a provider does. */
async function untilTaken({ path, ...request }: RequestInit & { readonly path: string }): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(http + path, request);
    await response.arrayBuffer();
    if (response.status === 200) return;
    expect(response.status).toBe(500);
  }
  throw new Error('never taken');
}

async function drain(count: number): Promise<string[]> {
  const bodies: string[] = [];
  await stack.until(async () => {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      bodies.push(Body);
      await stack.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
    return bodies.length >= count && Messages.length === 0;
  });
  return bodies;
}

it('mail that arrives through two providers is delivered once, while half of all writes to queue and bucket fail', {
  timeout: 120_000,
}, async () => {
  const fault = (service: string, operation: string) => ({
    service,
    operation,
    error: 'ServiceUnavailable',
    rate: 0.5,
  });
  await fetch(new URL('/api/aws/fault', consoleUrl()), {
    method: 'PUT',
    body: JSON.stringify([fault('sqs', 'SendMessage'), fault('s3', 'PutObject')]),
    headers: { 'content-type': 'application/json' },
  });
  const ids = Array.from({ length: 40 }, () => `<${randomUUID()}@example.com>`);

  await Promise.all(
    ids.flatMap((id, index) => [
      untilTaken(postMailgun(id)),
      ...(index % 2 === 0 ? [untilTaken(postPostmark(id))] : []),
    ]),
  );
  await stack.repairAll();

  const messages = (await drain(ids.length)).map((body) => inboundSchema.parse(JSON.parse(body)));
  expect(messages.map(({ messageId }) => messageId).toSorted()).toEqual(ids.toSorted());
});

it('requests that no provider sends are answered as documented, and cause no delivery', async () => {
  const status = async ({ path, ...request }: RequestInit & { readonly path: string }) =>
    (await fetch(http + path, request)).status;
  const good = postPostmark('<x@example.com>');
  expect(await status({ ...good, headers: { authorization: 'Basic eDp5' } })).toBe(401);
  expect(await status({ ...good, path: '/inbound/postmark/guessed' })).toBe(404);
  expect(await status({ ...good, path: '/inbound/ses/guessed' })).toBe(404);
  expect(await status({ ...good, body: JSON.stringify({ RecordType: 'Bounce' }) })).toBe(422);
  expect(await status({ ...postMailgun('<y@example.com>'), body: 'timestamp=1&token=2&signature=3' })).toBe(401);
  expect(await drain(0)).toEqual([]);
});

/** Returns the address of the console. Its port is the port of the simulated AWS services minus one. */
function consoleUrl(): string {
  const { port } = new URL(stack.info.endpoints.aws);
  return `http://127.0.0.1:${Number(port) - 1}`;
}
