import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from 'vitest';
import { deadLetterEventSchema } from '../../lambda/contract/dead-letter-event.ts';
import { eventSchema } from '../../lambda/contract/event.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** A wait of five seconds lasts half a second. */
const TIME_SCALE = 10;
const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };

let stack: RunningStack | undefined;
let closeServer = () => {};
afterEach(async () => {
  await stack?.close();
  closeServer();
});

test('events and dead letters are posted, signed, until the application takes them', { timeout: 90_000 }, async () => {
  const taken: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  let refusals = 2;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    refusals -= 1;
    if (refusals >= 0) return response.writeHead(503).end();
    taken.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    return response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeServer = () => server.close();
  process.env['EVENTS_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/posted-events.ts');

  await report(stack, 'order-1');
  await send(stack, { version: 1, id: 'broken', from: 'a@example.com', to: [], subject: 'x' });
  await stack.until(async () => taken.length >= 2);

  const bodies = taken.map(({ body }) => JSON.parse(body) as { readonly type: string; readonly id: string });
  expect(eventSchema.parse(bodies.find(({ type }) => type === 'delivered'))).toMatchObject({ submissionId: 'order-1' });
  expect(deadLetterEventSchema.parse(bodies.find(({ type }) => type === 'dead-letter'))).toMatchObject({
    submissionId: 'broken',
    reason: 'Malformed',
  });
  const key = await signingKey(stack);
  for (const { headers, body } of taken) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    expect(headers['webhook-id']).toBe((JSON.parse(body) as { id: string }).id);
  }
  expect(refusals).toBeLessThan(0);
  await stack.until(async () => (await stack?.depth([stack?.info.queues.events ?? ''])) === 0);
});

test('events and dead letters are put on an event bus', { timeout: 90_000 }, async () => {
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/event-bus.ts');

  await report(stack, 'order-2');
  await send(stack, { version: 1, id: 'broken', from: 'a@example.com', to: [], subject: 'x' });
  const events = async () =>
    (await (await fetch(`${stack?.url}/api/event-bus`)).json()) as { 'detail-type': string; detail: object }[];
  await stack.until(async () => (await events()).length >= 2);

  expect((await events()).sort((a, b) => a['detail-type'].localeCompare(b['detail-type']))).toMatchObject([
    { source: 'mailover', 'detail-type': 'dead-letter', detail: { submissionId: 'broken', reason: 'Malformed' } },
    { source: 'mailover', 'detail-type': 'delivered', detail: { submissionId: 'order-2', provider: 'mailgun' } },
  ]);
});

async function send({ info }: RunningStack, submission: object): Promise<void> {
  const client = new SQSClient({ endpoint: info.endpoints.aws, region: 'us-east-1', credentials });
  await client.send(
    new SendMessageCommand({ QueueUrl: info.queues.outbound, MessageBody: JSON.stringify(submission) }),
  );
  client.destroy();
}

/** Posts a delivery as Mailgun does. */
async function report({ info }: RunningStack, submissionId: string): Promise<void> {
  const { path, signingKey: key = '' } = info.webhooks['mailgun'] as { readonly path: string; signingKey?: string };
  const timestamp = String(Math.floor(Date.now() / 1000));
  const token = randomBytes(25).toString('hex');
  const signature = createHmac('sha256', key).update(timestamp).update(token).digest('hex');
  const handle = createHash('sha256').update(submissionId).digest('base64url');
  const response = await fetch(new URL(path, info.endpoints.http), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      signature: { timestamp, token, signature },
      'event-data': {
        event: 'delivered',
        id: randomBytes(8).toString('hex'),
        timestamp: Date.now() / 1000,
        recipient: 'ada@example.org',
        'user-variables': {
          'mailover-id': handle,
          'mailover-submission': submissionId,
          'mailover-attempt': '1 receipts',
        },
        message: { headers: { 'message-id': 'm@example.com' } },
      },
    }),
  });
  expect(response.status).toBe(200);
}

async function signingKey({ info }: RunningStack): Promise<string> {
  const client = new SecretsManagerClient({ endpoint: info.endpoints.aws, region: 'us-east-1', credentials });
  const { SecretString = '' } = await client.send(
    new GetSecretValueCommand({ SecretId: 'mailover-events-signing-secret' }),
  );
  client.destroy();
  return (JSON.parse(SecretString) as { key: string }).key;
}
