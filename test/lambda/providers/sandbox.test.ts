import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { definitions, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';
import type { Received } from '../../support/local-server.ts';
import { givenServer } from './given-server.ts';
import { attemptTo } from './smtp/attempt.ts';
import { serve } from './smtp/smtp-server.ts';

/** Answers of the providers in their test modes, by the path of the request. */
const ANSWERS: readonly [RegExp, string][] = [
  [/^\/v3\/mail\/send/, ''],
  [/^\/v3\//, '{"id":"<1@mg.example.com>","message":"Queued. Thank you."}'],
  [/^\/v2\//, '{"MessageId":"1"}'],
  [/^\/email/, '{"ErrorCode":0,"Message":"Test job accepted","MessageID":"1","To":"ada@example.org"}'],
];
const http = givenServer((response, { url }) => {
  const [, answer = ''] = ANSWERS.find(([path]) => path.test(url)) ?? [];
  response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
});

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const OPTIONS: Readonly<Record<string, object>> = {
  mailgun: { domain: 'mg.example.com' },
  ses: { region: 'us-east-1', identities: ['example.com'] },
  smtp: { host: '127.0.0.1', tls: 'none' },
};

/** Sends one mail to ada@example.org; returns the outcome's kind. */
async function send(type: ProviderType, endpoint: string, sandbox: boolean): Promise<string> {
  const module = await loadProvider(type);
  const provider = module.create({
    key: type,
    options: OPTIONS[type] ?? {},
    secret: { apiKey: 'real-key', serverToken: 'real-token' },
    endpoint,
    ...(sandbox && { sandbox: true }),
  });
  const { outcome } = await provider.send(attemptTo(['ada@example.org'], { deadlineMs: 30_000, connectMs: 10_000 }));
  provider.close?.();
  return outcome.kind;
}

/** Whether a request uses the provider's test mode, by type. */
const IS_TEST: Readonly<Record<string, (request: Received) => boolean>> = {
  mailgun: ({ body }) => /name="o:testmode"\r\n\r\nyes\r\n/.test(body.toString()),
  postmark: ({ headers }) => headers['x-postmark-server-token'] === 'POSTMARK_API_TEST',
  sendgrid: ({ body }) => JSON.parse(body.toString()).mail_settings?.sandbox_mode?.enable === true,
  ses: ({ body }) =>
    JSON.stringify(JSON.parse(body.toString()).Destination) === '{"ToAddresses":["success@simulator.amazonses.com"]}',
};

const TYPES = Object.keys(definitions) as ProviderType[];

test.each(TYPES.filter((type) => type !== 'smtp'))('the mail is offered to %s in its test mode only', async (type) => {
  const before = http.received.length;
  const tests = () => http.received.slice(before).map((request) => IS_TEST[type]?.(request));

  expect(await send(type, http.url, true)).toBe('accepted');
  expect(tests()).toEqual([true]);

  // Without `sandbox` the request must not use the test mode. Otherwise the check above would prove nothing.
  await send(type, http.url, false);
  expect(tests()).toEqual([true, false]);
});

test('no mail is offered to an SMTP server', async () => {
  await using server = await serve({});
  const endpoint = `smtp://127.0.0.1:${server.port}`;

  expect(await send('smtp', endpoint, true)).toBe('accepted');
  const commands = () => server.sessions.flatMap((session) => session.commands).join(' ');
  expect(commands()).toMatch(/EHLO/i);
  expect(commands()).not.toMatch(/MAIL|RCPT|DATA/i);

  await send('smtp', endpoint, false);
  expect(commands()).toMatch(/RCPT/i);
});

test('an SMTP server that cannot be reached is not reported as accepting', async () => {
  expect(await send('smtp', 'smtp://127.0.0.1:1', true)).toBe('unavailable');
});

test('docs/deploy.md has what every type does, in its own words', () => {
  const page = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
  for (const { type, sandbox } of Object.values(definitions)) expect(page).toContain(`| \`${type}\` | ${sandbox} |`);
});
