import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { definitions, loadProvider, type ProviderType } from '../../../lambda/providers/registry.ts';
import { attemptTo } from './smtp/attempt.ts';
import { serve } from './smtp/smtp-server.ts';

interface Seen {
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const seen: Seen[] = [];
/** Answers as each provider does in its test mode. */
const ANSWERS: readonly [RegExp, string][] = [
  [/^\/v3\/mail\/send/, ''],
  [/^\/v3\//, '{"id":"<1@mg.example.com>","message":"Queued. Thank you."}'],
  [/^\/v2\//, '{"MessageId":"1"}'],
  [/^\/email/, '{"ErrorCode":0,"Message":"Test job accepted","MessageID":"1","To":"ada@example.org"}'],
];
const http = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { url = '', headers } = request;
  seen.push({ url, headers, body: Buffer.concat(chunks).toString() });
  const [, answer = ''] = ANSWERS.find(([path]) => path.test(url)) ?? [];
  response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
});

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterAll(() => {
  vi.unstubAllEnvs();
  http.closeAllConnections();
  http.close();
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

/** Whether a request lets nothing be delivered, by type. */
const IS_TEST: Readonly<Record<string, (request: Seen) => boolean>> = {
  mailgun: ({ body }) => /name="o:testmode"\r\n\r\nyes\r\n/.test(body),
  postmark: ({ headers }) => headers['x-postmark-server-token'] === 'POSTMARK_API_TEST',
  sendgrid: ({ body }) => JSON.parse(body).mail_settings?.sandbox_mode?.enable === true,
  ses: ({ body }) =>
    JSON.stringify(JSON.parse(body).Destination) === '{"ToAddresses":["success@simulator.amazonses.com"]}',
};

const TYPES = Object.keys(definitions) as ProviderType[];

test.each(TYPES.filter((type) => type !== 'smtp'))('%s is offered the mail in its test mode only', async (type) => {
  const endpoint = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  seen.length = 0;

  expect(await send(type, endpoint, true)).toBe('accepted');
  expect(seen.map((request) => IS_TEST[type]?.(request))).toEqual([true]);

  // The same check fails where mail is delivered.
  await send(type, endpoint, false);
  expect(seen.map((request) => IS_TEST[type]?.(request))).toEqual([true, false]);
});

test('a server of SMTP is offered no mail', async () => {
  await using server = await serve({});
  const endpoint = `smtp://127.0.0.1:${server.port}`;

  expect(await send('smtp', endpoint, true)).toBe('accepted');
  const commands = () => server.sessions.flatMap((session) => session.commands).join(' ');
  expect(commands()).toMatch(/EHLO/i);
  expect(commands()).not.toMatch(/MAIL|RCPT|DATA/i);

  await send('smtp', endpoint, false);
  expect(commands()).toMatch(/RCPT/i);
});

test('a server of SMTP that cannot be reached is not reported as accepting', async () => {
  expect(await send('smtp', 'smtp://127.0.0.1:1', true)).toBe('unavailable');
});

test('docs/deploy.md has what every type does, in its own words', () => {
  const page = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
  for (const { type, sandbox } of Object.values(definitions)) expect(page).toContain(`| \`${type}\` | ${sandbox} |`);
});
