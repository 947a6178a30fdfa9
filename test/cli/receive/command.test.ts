import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { receive } from '../../../cli/receive/command.ts';
import { ReceivedLog } from '../../../local/api/received-log.ts';
import { startApi } from '../../../local/api/server.ts';
import type { StackInfo } from '../../../local/api/stack-info.ts';
import type { S3Store } from '../../../local/aws/fauxqs.ts';
import type { LocalQueue } from '../../../local/aws/queue.ts';
import { StackClock } from '../../../local/clock.ts';
import { LocalCloudWatch } from '../../../local/cloudwatch/monitoring.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { startReceiving } from '../../../local/simulators/start-receiving.ts';
import { startServer } from '../../support/local-server.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';

const PROVIDERS = [
  { key: 'mailgun', type: 'mailgun', secretName: 'mailover/mailgun/webhooks' },
  { key: 'postmark', type: 'postmark', secretName: 'mailover/postmark/webhooks' },
] as const;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test('posts a signed form of Mailgun, which is authentic, and ends at 200', async () => {
  const stack = await givenStack();

  const { code, lines } = await run(stack, ['--as', 'mailgun', '--to', 'box+abc@in.example.com', '--subject', 'Grüße']);

  const [post] = stack.posts;
  const form = await new Response(new Uint8Array(post?.body ?? []), {
    headers: { 'content-type': post?.headers['content-type'] ?? '' },
  }).formData();
  const expected = createHmac('sha256', stack.info.inbound['mailgun']?.['signingKey'] ?? '')
    .update(`${form.get('timestamp')}${form.get('token')}`)
    .digest('hex');
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('box+abc@in.example.com: answered 200 after one try');
  expect(post?.url).toBe(stack.info.inbound['mailgun']?.path);
  expect(form.get('signature')).toBe(expected);
  expect([form.get('recipient'), form.get('sender'), form.get('subject')]).toEqual([
    'box+abc@in.example.com',
    'ada@example.org',
    'Grüße',
  ]);
  expect(form.get('attachment-count')).toBe('1');
  expect((form.get('attachment-1') as File).name).toBe('figures.csv');
  expect(JSON.parse(String(form.get('message-headers'))).map(([name]: string[]) => name)).toContain('Message-Id');
});

test('prints JSON and nothing else with --json', async () => {
  const stack = await givenStack();

  const { code, lines } = await run(stack, ['--as', 'mailgun', '--json']);

  expect(code).toBe(0);
  expect(JSON.parse(lines.join('\n'))).toMatchObject({
    provider: 'mailgun',
    receptions: [{ to: 'box@in.example.com', status: 'processed', tries: [{ status: 200 }] }],
  });
});

test('posts raw MIME and stored mail to addresses of their own', async () => {
  const stack = await givenStack();

  await run(stack, ['--as', 'mailgun', '--form', 'mime']);
  await run(stack, ['--as', 'mailgun', '--form', 'store']);

  const forms = stack.posts.map(({ body }) => new URLSearchParams(body.toString()));
  expect(stack.posts.map(({ url }) => url.split('/').at(-1))).toEqual(['mime', 'store']);
  expect(forms[0]?.get('body-mime')).toMatch(/^Received: /);
  const [attachment] = JSON.parse(forms[1]?.get('attachments') ?? '');
  expect(attachment).toMatchObject({ name: 'figures.csv', 'content-type': 'text/csv' });
  expect(attachment.url).toBe(`${forms[1]?.get('message-url')}/attachments/0`);
});

test('logs in as Postmark does, with the previous password if asked, and adds the raw mail', async () => {
  const stack = await givenStack();
  const { username, previousPassword } = stack.info.inbound['postmark'] ?? {};

  await run(stack, ['--as', 'postmark', '--previous', '--form', 'raw', '--from', '']);

  const [post] = stack.posts;
  const message = JSON.parse(post?.body.toString() ?? '');
  expect(post?.headers.authorization).toBe(
    `Basic ${Buffer.from(`${username}:${previousPassword}`).toString('base64')}`,
  );
  expect(message.OriginalRecipient).toBe('box@in.example.com');
  expect(message.RawEmail).toMatch(/^Received: /);
  expect(message.Headers).toContainEqual({ Name: 'Return-Path', Value: '<>' });
});

test.each([
  ['mailgun', 406],
  ['postmark', 403],
])('%s tries again after any other status, with the same bytes, and stops for good at %i', async (provider, stop) => {
  const stack = await givenStack([500, 401, stop]);

  const { code, lines } = await run(stack, ['--as', provider]);

  expect(code).toBe(1);
  expect(lines.slice(1).map((line) => line.trim().split(/\s+/).slice(1).join(' '))).toEqual([
    '500',
    '401',
    String(stop),
    'given up after 3 tries',
  ]);
  expect(stack.posts[1]?.body.equals(stack.posts[0]?.body ?? Buffer.alloc(0))).toBe(true);
});

test.each([
  ['mailgun', 8],
  ['postmark', 11],
])('%s gives up after its whole schedule', async (provider, tries) => {
  const stack = await givenStack([], 500);

  const { code, lines } = await run(stack, ['--as', provider]);

  expect(code).toBe(1);
  expect(lines.at(-1)).toBe(`box@in.example.com: given up after ${tries} tries`);
});

test('receives a file several times, each time with another Message-ID', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'receive-'));
  closers.push(() => rm(directory, { recursive: true }));
  const file = join(directory, 'a.eml');
  await writeFile(file, 'From: a@example.com\r\nMessage-ID:\r\n <one@example.com>\r\nSubject: x\r\n\r\nbody\r\n');
  const stack = await givenStack();

  const { code, lines } = await run(stack, ['--as', 'postmark', '--count', '3', file]);

  const ids = stack.posts.map(({ body }) =>
    JSON.parse(body.toString())
      .Headers.filter(({ Name }: { Name: string }) => Name === 'Message-ID')
      .map(({ Value }: { Value: string }) => Value),
  );
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('  3  answered 200 after one try');
  expect(ids.every((found) => found.length === 1)).toBe(true);
  expect(new Set(ids.flat()).size).toBe(3);
});

test('shows the message that another copy of a mail became', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'receive-'));
  closers.push(() => rm(directory, { recursive: true }));
  const file = join(directory, 'a.eml');
  await writeFile(file, 'From: a@example.com\r\nMessage-ID: <one@example.com>\r\nSubject: x\r\n\r\nbody\r\n');
  const stack = await givenStack();
  stack.arrive({ id: 'other', provider: 'mailgun', messageId: '<two@example.com>' });
  stack.arrive({ id: 'known', provider: 'mailgun', messageId: '<one@example.com>' });
  const since = Date.now();
  while (Date.now() <= since) await new Promise((resolve) => setTimeout(resolve, 1));

  const copy = await run(stack, ['--as', 'postmark', file]);
  const foreign = await run(stack, ['--as', 'postmark', '--to', 'else@in.example.com', file]);

  expect(copy.code).toBe(0);
  expect(copy.lines.join('\n')).toMatch(
    /nothing new reached the inbound queue\nIt is a copy .* over mailgun; .*\n{[\s\S]*"id": "known"/,
  );
  expect(foreign.lines.join('\n')).toMatch(/nothing new reached the inbound queue\nelse@in.example.com: answered 200/);
});

test('posts nothing of a mail that is held or lost', async () => {
  const stack = await givenStack();

  expect((await run(stack, ['--as', 'postmark', '--blocked'])).code).toBe(0);
  expect((await run(stack, ['--as', 'mailgun', '--lost'])).code).toBe(0);

  expect(stack.posts).toHaveLength(0);
});

test.each([
  [[], /--as with its key, or its type/],
  [['--as', 'ses'], /no provider "ses" receives mail here; receiving providers: mailgun, postmark/],
  [['--as', 'mailgun', '--form', 'json'], /mailgun takes --form form, mime, store, not "json"/],
  [['--as', 'mailgun', '/nowhere.eml'], /cannot be read \(ENOENT\)/],
  [['--as', 'mailgun', '--count', '0'], /--count takes a whole number/],
])('refuses %j', async (argv, message) => {
  const stack = await givenStack();

  const { code, errors } = await run(stack, argv);

  expect(code).toBe(2);
  expect(errors.join('')).toMatch(message);
});

/**
 * Starts the API of a local stack. The HTTP API of this stack answers with these statuses, one for each request, then always with
 * `otherwise`.
 */
async function givenStack(statuses: readonly number[] = [], otherwise = 200) {
  const left = [...statuses];
  const server = await startServer((response) => response.writeHead(left.shift() ?? otherwise).end());
  closers.push(server.close);
  const receiving = startReceiving({
    events: undefined,
    publish() {},
    queueUrlOf: () => '',
    environment: { providers: PROVIDERS, inboundQueueUrl: '', mailBucket: '', stateTable: '' },
    providerSecrets: { postmark: { serverToken: 'token' } },
    apiUrl: 'http://127.0.0.1:1',
    httpUrl: server.url,
    // At this time scale the longest schedule of retries, ten and a half hours, takes half a second.
    clock: new StackClock(80_000),
    endpointOf: (key) => `http://${key}.example.com`,
  });
  closers.push(receiving.close);
  // The command reads only these fields of the description of the stack.
  const info = {
    ready: true,
    inbound: receiving.info,
    providers: PROVIDERS.map(({ key, type }) => ({ key, type, url: '' })),
  } as unknown as StackInfo;
  let enqueue = (_message: object): void => {};
  const queue = {
    onEnqueue(listener: typeof enqueue) {
      enqueue = listener;
    },
  };
  // In this test the log reads no object of the bucket.
  const received = new ReceivedLog(queue as unknown as LocalQueue, {} as S3Store);
  const arrive = (message: object) =>
    enqueue({ body: JSON.stringify({ envelope: { to: ['box@in.example.com'] }, ...message }) });
  const clock = new StackClock();
  const api = await startApi({
    port: 0,
    own: ownHosts(),
    faults: new FaultBoard(),
    info: () => info,
    queueCounts: () => [],
    busEvents: () => [],
    accepted: () => undefined,
    state: () => undefined,
    submissions: () => undefined,
    suppression: () => undefined,
    deliveries: () => undefined,
    forget: async () => {},
    clear: async () => {},
    receiving: () => receiving,
    received: () => received,
    ses: () => undefined,
    drawing: () => undefined,
    clock,
    monitoring: new LocalCloudWatch(clock),
  });
  closers.push(api.close);
  return { info, posts: server.received, arrive, port: new URL(api.url).port };
}

async function run({ port }: { port: string }, argv: readonly string[]) {
  const { out: lines, err: errors, terminal } = recordedTerminal();
  const code = await receive(argv, { MAILOVER_PORT: port }, terminal);
  return { code, lines, errors };
}
