import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

/** Returns a different mail for each number, since the inbound function delivers the same mail only once. */
const rawOf = (number: number) =>
  Buffer.from(
    `From: ada@example.org\r\nTo: box@in.example.com\r\nMessage-ID: <${number}@example.org>\r\nSubject: hello\r\n\r\nhello\r\n`,
  ).toString('base64');
let count = 0;

let stack: OpenStack;

const PATIENCE = { timeout: 60_000, interval: 250 };

beforeAll(async () => {
  stack = await openStack({ timeScale: 60, app: 'test/flow/apps/receives-only.ts' });
}, 60_000);

afterAll(async () => {
  await stack?.close();
});

const receive = (key: string, options: object) =>
  stack.api('POST', `/api/providers/${key}/inbound`, {
    raw: rawOf(++count),
    from: 'ada@example.org',
    to: ['box@in.example.com'],
    ...options,
  });
const received = async () =>
  ((await stack.api('GET', '/api/received')) as { provider: string }[]).map(({ provider }) => provider).toSorted();

it('mail arrives through accounts that only receive: mail in the store is fetched, and lost mail is found', {
  timeout: 90_000,
}, async () => {
  await receive('mailgun-in', { form: 'store' });
  await receive('postmark-in', {});
  await expect.poll(received, PATIENCE).toHaveLength(2);
  await receive('postmark-in', { hold: 'lost' });

  await expect.poll(received, PATIENCE).toEqual(['mailgun-in', 'postmark-in', 'postmark-in']);
});

it('the API of such an account can have faults, and the account is not listed as a provider that sends', async () => {
  await stack.api('PUT', '/api/providers/postmark-in/fault', { respond: { status: 500 } });
  await stack.api('DELETE', '/api/providers/postmark-in/fault');
  expect(stack.stack.info.providers.map(({ key }) => key)).toEqual(['own-mta']);
  const unknown = await fetch(`${stack.stack.url}/api/providers/none/fault`);
  expect(await unknown.json()).toEqual({
    error: 'There is no provider "none". Known: own-mta, mailgun-in, postmark-in.',
  });
});
