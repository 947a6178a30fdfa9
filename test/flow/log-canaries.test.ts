import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { startStack } from '../../local/stack.ts';

const CANARY = 'canary-7f3a';
const TIME_SCALE = 240;

/** A mail with a marker in every field that a producer fills, including the id. */
const mail = (number: number) => ({
  version: 1,
  id: `${CANARY}-id-${number}@example.com`,
  from: { name: `${CANARY} Shop`, address: `${CANARY}-from@example.com` },
  to: [{ name: `${CANARY} Ada`, address: `${CANARY}-to@example.org` }],
  cc: [`${CANARY}-cc@example.org`],
  bcc: [`${CANARY}-bcc@example.org`],
  replyTo: [`${CANARY}-reply@example.com`],
  subject: `${CANARY} subject`,
  text: `${CANARY} text`,
  html: `<p>${CANARY} html</p>`,
  headers: { 'X-Order': `${CANARY}-header` },
  metadata: { order: `${CANARY}-metadata` },
  tag: `${CANARY}-tag`,
  attachments: [
    {
      filename: `${CANARY}.txt`,
      contentType: 'text/plain',
      content: Buffer.from(`${CANARY} content`).toString('base64'),
    },
  ],
});

/** Answers that repeat values of the request, as providers do. */
const FAULTS: readonly unknown[] = [
  { respond: { status: 500, body: `cannot send to ${CANARY}-to@example.org` } },
  {
    respond: {
      status: 422,
      body: JSON.stringify({ ErrorCode: 300, Message: `Invalid 'To': ${CANARY}-to@example.org` }),
    },
  },
  { respond: { status: 401, body: JSON.stringify({ ErrorCode: 10, Message: 'Bad or missing API token.' }) } },
  { respond: { status: 429, headers: { 'Retry-After': '1' }, body: '' } },
  { network: 'reset-after-accept' },
  { network: 'reset-mid-request' },
];

it('no address, subject, body or secret is in the output of the functions, whatever fails', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mailover-canary-'));
  const logFile = join(directory, 'functions.log');
  const stack = await startStack({ port: 0, timeScale: TIME_SCALE, logFile });
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(new URL(path, stack.url), { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return answer.json().catch(() => undefined);
  };
  let printed = '';
  let accepted = 0;
  let secrets: (string | undefined)[] = [];
  try {
    const info = (await call('GET', '/api/stack')) as {
      queues: { outbound: string };
      endpoints: { aws: string };
      inbound: Record<string, Record<string, string>>;
    };
    const { queues, endpoints } = info;
    secrets = Object.values(info.inbound).flatMap(({ signingKey, password }) => [signingKey, password].filter(Boolean));
    const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
    const sqs = new SQSClient({ endpoint: endpoints.aws, region: 'us-east-1', credentials });
    const put = (body: unknown) =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl: queues.outbound,
          MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      );

    for (const [number, fault] of FAULTS.entries()) {
      for (const provider of ['postmark', 'mailgun']) await call('PUT', `/api/providers/${provider}/fault`, fault);
      await Promise.all([put(mail(number)), put(mail(100 + number))]);
      await pause(1_500);
      for (const provider of ['postmark', 'mailgun']) await call('DELETE', `/api/providers/${provider}/fault`);
      await call('DELETE', '/api/circuits');
    }
    await put({ ...mail(200), from: `not an address ${CANARY}@` });
    await put(`{ "broken": "${CANARY}`);
    await put({ version: 1, s3: { bucket: 'mail', key: `submissions/${CANARY}/missing` } });
    await pause(3_000);
    accepted = ((await call('GET', '/api/accepted?raw=false')) as unknown[]).length;
    sqs.destroy();
  } finally {
    await stack.close();
    printed = await readFile(logFile, 'utf8');
    await rm(directory, { recursive: true });
  }

  // The output has attempts, failures, dead letters and metrics.
  expect(accepted).toBeGreaterThan(FAULTS.length);
  for (const seen of ['"attempt"', '"dead-lettered"', '"CloudWatchMetrics"', '"unavailable"', '"refused"'])
    expect(printed).toContain(seen);
  expect(printed.split('\n').filter((line) => line.includes(CANARY))).toEqual([]);
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.filter((secret) => printed.includes(secret as string))).toEqual([]);
  expect(printed.split('\n').filter((line) => /"(Authorization|apiKey|serverToken|password)"/i.test(line))).toEqual([]);
});
