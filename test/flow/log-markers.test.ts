import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { openStack } from '../support/open-stack.ts';

const MARKER = 'marker-7f3a';
const TIME_SCALE = 240;

/**
 * Returns a submission with a marker in every field that an application fills, including the id. The marker is a text that no log
 * may contain.
 */
const mail = (number: number) => ({
  version: 1,
  id: `${MARKER}-id-${number}@example.com`,
  from: { name: `${MARKER} Shop`, address: `${MARKER}-from@example.com` },
  to: [{ name: `${MARKER} Ada`, address: `${MARKER}-to@example.org` }],
  cc: [`${MARKER}-cc@example.org`],
  bcc: [`${MARKER}-bcc@example.org`],
  replyTo: [`${MARKER}-reply@example.com`],
  subject: `${MARKER} subject`,
  text: `${MARKER} text`,
  html: `<p>${MARKER} html</p>`,
  headers: { 'X-Order': `${MARKER}-header` },
  metadata: { order: `${MARKER}-metadata` },
  tag: `${MARKER}-tag`,
  attachments: [
    {
      filename: `${MARKER}.txt`,
      contentType: 'text/plain',
      content: Buffer.from(`${MARKER} content`).toString('base64'),
    },
  ],
});

/** Faults of the simulated providers. Some of the answers repeat values of the request, as real providers do. */
const FAULTS: readonly unknown[] = [
  { respond: { status: 500, body: `cannot send to ${MARKER}-to@example.org` } },
  {
    respond: {
      status: 422,
      body: JSON.stringify({ ErrorCode: 300, Message: `Invalid 'To': ${MARKER}-to@example.org` }),
    },
  },
  { respond: { status: 401, body: JSON.stringify({ ErrorCode: 10, Message: 'Bad or missing API token.' }) } },
  { respond: { status: 429, headers: { 'Retry-After': '1' }, body: '' } },
  { network: 'reset-after-accept' },
  { network: 'reset-mid-request' },
];

it('no address, subject, body or secret is in the output of the functions, even if services and providers fail', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mailover-markers-'));
  const logFile = join(directory, 'functions.log');
  const { stack, sqs, call, send, close } = await openStack({ timeScale: TIME_SCALE, logFile });
  let printed = '';
  let accepted = 0;
  let secrets: (string | undefined)[] = [];
  try {
    const { inbound, queues } = stack.info;
    secrets = Object.values(inbound).flatMap(({ signingKey, password }) => [signingKey, password].filter(Boolean));

    for (const [number, fault] of FAULTS.entries()) {
      for (const provider of ['postmark', 'mailgun']) await call('PUT', `/api/providers/${provider}/fault`, fault);
      await send([mail(number), mail(100 + number)]);
      await pause(1_500);
      for (const provider of ['postmark', 'mailgun']) await call('DELETE', `/api/providers/${provider}/fault`);
      await call('DELETE', '/api/circuits');
    }
    await send([{ ...mail(200), from: `not an address ${MARKER}@` }]);
    await sqs.send(new SendMessageCommand({ QueueUrl: queues.outbound, MessageBody: `{ "broken": "${MARKER}` }));
    await send([{ version: 1, s3: { bucket: 'mail', key: `submissions/${MARKER}/missing` } }]);
    await pause(3_000);
    accepted = ((await call('GET', '/api/accepted?raw=false')) as unknown[]).length;
  } finally {
    await close();
    printed = await readFile(logFile, 'utf8');
    await rm(directory, { recursive: true });
  }

  // The log must contain attempts, failures, dead letters and metrics. A log without these would prove nothing.
  expect(accepted).toBeGreaterThan(FAULTS.length);
  for (const seen of ['"attempt"', '"dead-lettered"', '"CloudWatchMetrics"', '"unavailable"', '"refused"'])
    expect(printed).toContain(seen);
  expect(printed.split('\n').filter((line) => line.includes(MARKER))).toEqual([]);
  expect(secrets.length).toBeGreaterThan(0);
  expect(secrets.filter((secret) => printed.includes(secret as string))).toEqual([]);
  expect(printed.split('\n').filter((line) => /"(Authorization|apiKey|serverToken|password)"/i.test(line))).toEqual([]);
});
