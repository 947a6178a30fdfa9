import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenInboundStack, type InboundStack } from '../support/inbound-stack.ts';
import { sha256 } from '../support/sha256.ts';

// These tests post mail that is made to break the inbound function. Each mail is posted in every webhook format that can contain
// the mail, to a real process of the function.

/** Default memory of the inbound function in megabytes. In these tests, the process of the function must use less. */
const MEMORY_MB = 1024;
/** On an idle machine, 99 % of the answers must arrive within this number of milliseconds. On a busy machine, the limit is higher. */
const P99_MS = 1_000;
const othersAtWork = () => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism());
const MB = 1024 * 1024;

let stack: InboundStack;
beforeAll(async () => {
  stack = await givenInboundStack(1);
}, 60_000);
afterAll(async () => {
  await stack?.close();
});

const took: number[] = [];
const head = (id: string, more = '') =>
  `Message-ID: <${id}@example.com>\r\nFrom: a@example.com\r\nTo: box@in.example.com\r\nSubject: ${id}\r\n${more}`;
const mixed = (id: string, parts: string) =>
  Buffer.from(`${head(id)}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`);
const deep = (depth: number) => {
  let inner = 'Content-Type: text/plain\r\n\r\ninnermost\r\n';
  for (let level = 0; level < depth; level += 1)
    inner = `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n${inner}\r\n--b${level}--\r\n`;
  return inner;
};
const bomb = deflateRawSync(Buffer.alloc(50 * MB));

const MAILS: readonly (readonly [name: string, mail: () => Buffer])[] = [
  ['10,000 parts', () => mixed('parts', '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(10_000))],
  [
    '10,000 files',
    () => mixed('files', '--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n'.repeat(10_000)),
  ],
  ['2,000 levels', () => Buffer.from(head('levels') + deep(2_000))],
  [
    'forwarded mails inside each other',
    () => Buffer.from(`${head('rfc822')}${'Content-Type: message/rfc822\r\n\r\n'.repeat(3_000)}x`),
  ],
  ['200,000 headers', () => Buffer.from(`${head('headers', 'X-A: b\r\n'.repeat(200_000))}\r\nx`)],
  ['a header of 3 MB', () => Buffer.from(`${head('long', `X-A: ${'b'.repeat(3 * MB)}\r\n`)}\r\nx`)],
  [
    '100,000 recipients',
    () => Buffer.from(`${head('to', `Cc: ${'"a, b" <a@example.com>, '.repeat(100_000)}b@example.com\r\n`)}\r\nx`),
  ],
  ['comments within comments', () => Buffer.from(`${head('comments', `Cc: ${'('.repeat(100_000)}\r\n`)}\r\nx`)],
  ['a line of 3 MB', () => Buffer.from(`${head('line')}\r\n${'x'.repeat(3 * MB)}`)],
  ['400,000 lines', () => Buffer.from(`${head('lines')}\r\n${'x\r\n'.repeat(400_000)}`)],
  [
    'very many encoded words',
    () => Buffer.from(`${head('words', `X-A: ${'=?utf-8?Q?=C3?= '.repeat(50_000)}\r\n`)}\r\nx`),
  ],
  [
    'a ZIP file of 50 KB that contains 50 MB',
    () =>
      mixed(
        'bomb',
        `--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment; filename=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${bomb.toString('base64')}\r\n`,
      ),
  ],
  [
    'broken character sets',
    () =>
      Buffer.concat([
        Buffer.from(`${head('charset')}Content-Type: text/plain; charset=utf-8\r\n\r\n`),
        Buffer.alloc(10_000, 0xff),
        Buffer.from([0xed, 0xa0, 0x80, 0xc0, 0x80]),
      ]),
  ],
  [
    'a charset that is a path',
    () => Buffer.from(`${head('cspath')}Content-Type: text/plain; charset="../../etc/passwd"\r\n\r\nx`),
  ],
  ['NULs everywhere', () => Buffer.from(`${head('nul', 'X-N\0: a\0b\r\n')}\r\na\0b\0`)],
  [
    'path-like names',
    () => mixed('path', '--b\r\nContent-Disposition: attachment; filename="..\\\\..\\\\a/../../b\0.exe"\r\n\r\nx\r\n'),
  ],
  [
    'a boundary that occurs everywhere',
    () =>
      Buffer.from(`${head('boundary')}Content-Type: multipart/mixed; boundary="-"\r\n\r\n${'---\r\n'.repeat(200_000)}`),
  ],
  [
    'invalid base64',
    () => Buffer.from(`${head('b64')}Content-Transfer-Encoding: base64\r\n\r\n${'*=?'.repeat(500_000)}`),
  ],
  [
    'very long quoted-printable text',
    () => Buffer.from(`${head('qp')}Content-Transfer-Encoding: quoted-printable\r\n\r\n${'='.repeat(MB)}`),
  ],
  [
    'very long base64 padding',
    () => Buffer.from(`${head('pad')}Content-Transfer-Encoding: base64\r\n\r\n${'='.repeat(3 * MB)}`),
  ],
  [
    'very long base64 padding with spaces',
    () => Buffer.from(`${head('padsp')}Content-Transfer-Encoding: base64\r\n\r\n${'= '.repeat(MB)}QUJD`),
  ],
  [
    'many spaces after a media type',
    () => Buffer.from(`${head('spaces')}Content-Type: text/plain${' '.repeat(200_000)}\r\n\r\nx`),
  ],
  [
    'many line ends after a media type',
    () => Buffer.from(`${head('folds')}Content-Type: text/plain${'\r\n '.repeat(60_000)}\r\n\r\nx`),
  ],
  ['empty parts', () => mixed('empty', '--b\n'.repeat(750_000))],
  ['60,000 headers', () => Buffer.from(`${head('fields', 'X: y\r\n'.repeat(60_000))}\r\nx`)],
  [
    'headers that look like fields',
    () => Buffer.from(`${head('tokens', 'token: 1\r\nsignature: 2\r\n'.repeat(10_000))}\r\nx`),
  ],
  [
    'encoded words that cannot be joined',
    () => Buffer.from(`${head('shift', `X-A: ${'=?iso-2022-jp?b?YWFh?= '.repeat(15_000)}\r\n`)}\r\nx`),
  ],
  ['groups within groups', () => Buffer.from(`${head('groups', `Cc: ${'a:'.repeat(60_000)}\r\n`.repeat(8))}\r\nx`)],
  [
    'text of 8 bits',
    () =>
      Buffer.concat([
        Buffer.from(`${head('8bit')}Content-Type: text/plain; charset=koi8-r\r\n\r\n`),
        Buffer.alloc(2 * MB, Buffer.from(`${'\xc1\xc2\xd7'.repeat(20)}\r\n`, 'latin1')),
      ]),
  ],
  [
    'very many references in the HTML',
    () =>
      mixed(
        'cid',
        `--b\r\nContent-Type: text/html\r\n\r\n${'<img srcset="cid:a 1x, src=\'cid:b&#64; url(&quot;cid:c '.repeat(40_000)}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <x>\r\n\r\nx\r\n`,
      ),
  ],
  [
    'very many declarations and entities in the HTML, with plain text',
    () =>
      mixed(
        'meta',
        `--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n${'<meta charset=<!-- &auml;&#228; '.repeat(60_000)}\xff\r\n`,
      ),
  ],
  ['words cut everywhere', () => Buffer.from(`${head('cut', `X-A: ${'=?utf-8?q?a?b=?= '.repeat(14_000)}\r\n`)}\r\nx`)],
  ['lines that CR alone ends', () => Buffer.from(`${head('cr')}\r\n\n${'x\r'.repeat(MB)}`)],
  ['an empty mail', () => Buffer.from('\r\n')],
  ['no end of the header', () => Buffer.from('a: b')],
  ['prototype names', () => Buffer.from(`${head('proto', '__proto__: x\r\nconstructor: y\r\ntoString: z\r\n')}\r\nx`)],
];

const FORMS = [
  ['mailgun', { form: 'mime' }],
  ['mailgun', { form: 'form' }],
  ['mailgun', { form: 'store' }],
  ['postmark', {}],
  ['postmark', { form: 'raw' }],
] as const;

test.each(MAILS)('%s', { timeout: 180_000 }, async (_name, make) => {
  const raw = make();
  for (const [place, [provider, options]] of FORMS.entries()) {
    const to = `hostile-${place}-${sha256(raw).slice(0, 8)}@in.example.com`;
    const [reception] = await stack.take(provider, { raw, from: 'ada@example.com', to: [to], ...options });
    const tries = await answered(provider, reception?.id ?? '');
    const [first] = tries;

    // A mail that exceeds the size limits of API Gateway or Lambda is answered with 413. The reconciler, a scheduled function,
    // later puts the known part of the mail on the inbound queue, marked as truncated.
    expect([200, 413], JSON.stringify(tries)).toContain(first?.status);
    if (first?.status !== 200) continue;
    await stack.until(() => stack.messages.some(({ envelope }) => envelope.to.includes(to)), 30_000);
    const message = stack.messages.find(({ envelope }) => envelope.to.includes(to));
    expect((await stack.object(message?.raw.s3 ?? { bucket: '', key: '' })).length).toBeGreaterThan(0);
    for (const { filename } of message?.attachments ?? []) expect(filename ?? '').not.toMatch(/[/\\\0]/);
  }
});

test('a mail of 25 MB arrives through the message store of Mailgun', { timeout: 180_000 }, async () => {
  const file = Buffer.alloc(18 * MB, 7);
  const raw = mixed(
    'large',
    `--b\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${file.toString('base64')}\r\n`,
  );
  const to = 'large@in.example.com';

  const [reception] = await stack.take('mailgun', { raw, from: 'ada@example.com', to: [to], form: 'store' });
  const [first] = await answered('mailgun', reception?.id ?? '');

  expect(first?.status).toBe(200);
  await stack.until(() => stack.messages.some(({ envelope }) => envelope.to.includes(to)), 30_000);
  const message = stack.messages.find(({ envelope }) => envelope.to.includes(to));
  expect(message?.attachments).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
});

test('requests without a valid mail are answered with 200', { timeout: 60_000 }, async () => {
  const { path = '', username, password } = stack.info.inbound['postmark'] ?? {};
  const bodies = [
    '['.repeat(1_000_000),
    `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    '{"OriginalRecipient":"x@in.example.com","TextBody":"\\ud83d\\u0000","Subject":"\\udc00","MessageID":"s","Headers":[{"Name":"__proto__","Value":1},{"Name":null},7]}',
    '{"OriginalRecipient":{"a":1},"Attachments":"none"}',
    'null',
    '',
  ];

  for (const body of bodies) {
    const begun = performance.now();
    const response = await fetch(stack.info.endpoints.http + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      },
      body,
    });
    took.push(performance.now() - begun);
    expect(response.status, body.slice(0, 60)).toBe(200);
  }
  await stack.until(() => stack.messages.some(({ envelope }) => envelope.to.includes('x@in.example.com')));
});

test('answers arrive in time, and no process uses more memory than the function has', async () => {
  const sorted = [...took].sort((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  const { processes } = (await stack.call('GET', '/api/stack')) as InboundStack['info'];
  const peaks = processes
    .filter((it) => it.function === 'inbound')
    .map(({ pid }) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);

  console.log(
    `${took.length} hostile requests: p50 ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, peak ${Math.max(...peaks).toFixed(0)} MB`,
  );
  expect(p99).toBeLessThan(P99_MS * othersAtWork());
  expect(Math.max(...peaks)).toBeLessThan(MEMORY_MB);
});

interface Answered {
  readonly status?: number;
  readonly error?: string;
  readonly ms?: number;
}

async function answered(provider: string, id: string): Promise<readonly Answered[]> {
  let tries: readonly Answered[] = [];
  await stack.until(async () => {
    const [reception] = (await stack.call('GET', `/api/providers/${provider}/inbound?id=${id}`)) as {
      tries: Answered[];
    }[];
    tries = reception?.tries ?? [];
    return tries.length > 0;
  }, 60_000);
  took.push(tries[0]?.ms ?? 0);
  return tries;
}
