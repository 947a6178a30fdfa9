import { createHmac } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, expect, test } from 'vitest';
import { deadLetterEventSchema } from '../../lambda/contract/dead-letter-event.ts';
import { eventSchema } from '../../lambda/contract/event.ts';
import { inTurn, startServer, verbatim } from '../support/local-server.ts';
import { localAws } from '../support/open-stack.ts';
import { deliveredEvent } from '../support/posted-events.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

/** At this time scale, a wait of five seconds takes half a second of real time. */
const TIME_SCALE = 10;

let stack: RunningStack | undefined;
let closeServer = async () => {};
afterEach(async () => {
  await stack?.close();
  await closeServer();
});

test('signed events and dead letters are posted until the application accepts them', { timeout: 90_000 }, async () => {
  const refusal = verbatim(503, {}, '');
  const server = await startServer(inTurn(refusal, refusal, verbatim(204, {}, '')));
  closeServer = server.close;
  const taken = () => server.received.slice(2).map(({ headers, body }) => ({ headers, body: body.toString() }));
  process.env['EVENTS_URL'] = `${server.url}/events`;
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/posted-events.ts');

  await report(stack, 'order-1');
  await stack.send([{ version: 1, id: 'broken', from: 'a@example.com', to: [], subject: 'x' }]);
  await stack.until(async () => taken().length >= 2);

  const bodies = taken().map(({ body }) => JSON.parse(body) as { readonly type: string; readonly id: string });
  expect(eventSchema.parse(bodies.find(({ type }) => type === 'delivered'))).toMatchObject({ submissionId: 'order-1' });
  expect(deadLetterEventSchema.parse(bodies.find(({ type }) => type === 'dead-letter'))).toMatchObject({
    submissionId: 'broken',
    reason: 'Malformed',
  });
  const key = await signingKey(stack);
  for (const { headers, body } of taken()) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const mac = createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    expect(headers['webhook-id']).toBe((JSON.parse(body) as { id: string }).id);
  }
  await stack.until(async () => (await stack?.depth([stack?.info.queues.events ?? ''])) === 0);
});

test('events and dead letters are put on an event bus', { timeout: 90_000 }, async () => {
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/event-bus.ts');

  await report(stack, 'order-2');
  await stack.send([{ version: 1, id: 'broken', from: 'a@example.com', to: [], subject: 'x' }]);
  const events = async () =>
    (await (await fetch(`${stack?.url}/api/event-bus`)).json()) as { 'detail-type': string; detail: object }[];
  await stack.until(async () => (await events()).length >= 2);

  expect((await events()).sort((a, b) => a['detail-type'].localeCompare(b['detail-type']))).toMatchObject([
    { source: 'mailover', 'detail-type': 'dead-letter', detail: { submissionId: 'broken', reason: 'Malformed' } },
    { source: 'mailover', 'detail-type': 'delivered', detail: { submissionId: 'order-2', provider: 'mailgun' } },
  ]);
});

/** Posts a delivery event to the webhook of the stack, in the format of Mailgun. */
async function report({ info }: RunningStack, submissionId: string): Promise<void> {
  const { path, signingKey: key = '' } = info.webhooks['mailgun'] as { readonly path: string; signingKey?: string };
  const response = await fetch(new URL(path, info.endpoints.http), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: deliveredEvent(key, submissionId, '1 receipts'),
  });
  expect(response.status).toBe(200);
}

async function signingKey({ info }: RunningStack): Promise<string> {
  const client = new SecretsManagerClient(localAws(info.endpoints.aws));
  const { SecretString = '' } = await client.send(
    new GetSecretValueCommand({ SecretId: 'mailover-events-signing-secret' }),
  );
  client.destroy();
  return (JSON.parse(SecretString) as { key: string }).key;
}
