import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeFilename } from '../../../lambda/inbound/clean.ts';
import { readMime } from '../../../lambda/inbound/mime.ts';
import { givenWorld, mailgunMail, mailgunRequest, postmarkMail, postmarkRequest } from './world.ts';

const HEAD = 'From: ada@example.org\r\nMessage-ID: <bomb@example.com>\r\nSubject: Bomb\r\n';
const mixed = (part: string, count: number) =>
  `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${part}\r\n`.repeat(count)}--b--\r\n`;
const nested = Array.from(
  { length: 5_000 },
  (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
).join('');

test.each([
  ['10,000 parts', mixed('Content-Type: text/plain\r\n\r\nx', 10_000), ['truncated']],
  ['10,000 files', mixed('Content-Disposition: attachment; filename=a\r\n\r\nx', 10_000), ['truncated']],
  ['5,000 levels', `${HEAD}${nested}`, ['truncated']],
  ['500,000 headers', `${HEAD}${'X-A: b\r\n'.repeat(500_000)}\r\nx`, ['truncated']],
  ['a header of 4 MB', `${HEAD}X-A: ${'b'.repeat(4_000_000)}\r\n\r\nx`, ['truncated']],
  ['2,000,000 lines', `${HEAD}\r\n${'\r\n'.repeat(2_000_000)}`, undefined],
  [
    '400 parts of HTML beside plain text',
    `${mixed('Content-Type: text/html\r\n\r\n<p>x', 400)}`.replace('--b\r\n', '--b\r\n\r\nx\r\n--b\r\n'),
    undefined,
  ],
  ['5 MB of one line', `${HEAD}\r\n${'x'.repeat(5_000_000)}`, undefined],
  ['encoded words without end', `${HEAD}X-A: ${'=?utf-8?b?'.repeat(20_000)}\r\n\r\nx`, undefined],
  ['unknown character sets', `${HEAD}Content-Type: text/plain; charset=x-nonsense\r\n\r\n\xff\xfe`, undefined],
])('%s: a message, in bounded time', { timeout: 30_000 }, async (_, mime, flags) => {
  const world = givenWorld();
  const begun = performance.now();
  const fields = [
    ['recipient', 'a@in.example.com'],
    ['sender', 'b@example.org'],
    ['body-mime', Buffer.from(mime, 'latin1')],
  ] as const;
  expect((await world.receive(mailgunRequest(fields, { multipart: true }))).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(10_000);

  const [body = ''] = world.queue;
  const parsed = JSON.parse(body);
  const message = parsed.s3 ? JSON.parse(world.objects.get(parsed.s3.key)?.content.toString() ?? '') : parsed;
  expect(message).toMatchObject({ messageId: '<bomb@example.com>', subject: 'Bomb', raw: { form: 'mime' } });
  expect(message.flags).toEqual(flags);
  expect(world.objects.get(message.raw.s3.key)?.content.length).toBe(Buffer.byteLength(mime, 'latin1'));
});

test.each([
  ['zeros', Buffer.alloc(1_000)],
  ['nothing', Buffer.alloc(1)],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
])('a raw mail of %s is delivered as unparsable, with its raw form', async (_, bytes) => {
  const world = givenWorld();
  const fields = [
    ['recipient', 'a@in.example.com'],
    ['sender', 'b@example.org'],
    ['body-mime', bytes],
  ] as const;
  expect((await world.receive(mailgunRequest(fields, { multipart: true }))).status).toBe(200);
  expect(world.messages()).toMatchObject([{ flags: ['unparsable'], envelope: { to: ['a@in.example.com'] } }]);
});

test('a form with 10,000 fields and 300 files is accepted; what exceeds the limits stays in the raw form', async () => {
  const world = givenWorld();
  const headers = Array.from({ length: 10_000 }, (_, index): [string, string] => [`X-${index}`, 'y']);
  const files = Array.from(
    { length: 300 },
    (_, index) => [`attachment-${index + 1}`, `${index}`, `${index}.txt`, 'text/plain'] as const,
  );
  await world.receive(mailgunRequest([...headers, ...mailgunMail({ 'attachment-count': '300' }, headers), ...files]));
  const [message] = world.messages();
  expect(message?.attachments).toHaveLength(200);
  expect(message?.flags).toEqual(['truncated']);
});

test('80,000 headers with the names of fields take seconds at most', { timeout: 60_000 }, async () => {
  const world = givenWorld();
  const headers = Array.from({ length: 80_000 }, (_, index): [string, string] => ['token', `${index}`]);
  const request = mailgunRequest([...headers, ...mailgunMail({}, headers.toReversed())], { multipart: true });
  const begun = process.cpuUsage();
  await world.receive(request);
  expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
  expect(world.queue).toHaveLength(1);
});

test('megabytes of address headers are read up to the limit', { timeout: 60_000 }, async () => {
  const world = givenWorld();
  const Headers = Array.from({ length: 40 }, () => ({ Name: 'Cc', Value: 'a:'.repeat(60_000) }));
  const begun = performance.now();
  await world.receive(postmarkRequest(postmarkMail({ Headers: [...Headers, { Name: 'Message-ID', Value: '<1@x>' }] })));
  expect(performance.now() - begun).toBeLessThan(8_000);
});

test.each<[string | undefined, string | undefined]>([
  ['a.pdf', 'a.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Windows\\a.txt', 'a.txt'],
  ['..', undefined],
  ['/', undefined],
  ['', undefined],
  [undefined, undefined],
  ['a\0b\r\n.txt', 'a\ufffdb.txt'],
  ['\u202egpj.exe', 'gpj.exe'],
  [' .gitignore ', '.gitignore'],
  [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(251)}.pdf`],
  ['\ud800.txt', '\ufffd.txt'],
])('the file name %j becomes %j', (given, name) => {
  expect(safeFilename(given)).toBe(name);
});

test('no bytes make the MIME parser throw', async () => {
  const piece = fc.constantFrom(
    HEAD,
    '\r\n',
    '\r\n\r\n',
    '--b',
    '--b--',
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: text/html; charset=utf-7',
    'Content-Transfer-Encoding: base64',
    '=?utf-8?q?=ff?=',
    '\0',
    '\xff',
    ': ',
    'x',
    ';',
    '"',
    '<',
    'name*0*=',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      await readMime(Buffer.from(pieces.join(''), 'latin1'));
    }),
    { numRuns: 500 },
  );
});

test('any JSON from Postmark is answered, and what is delivered matches the schema', async () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(null, 5, [], {}, '\ud800\0', [null], [5], [{ Name: 5 }], [{ Name: 'a', Content: '!' }]),
  );
  const fields = Object.keys(postmarkMail());
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...fields),
      odd,
      fc.constantFrom(...fields),
      odd,
      async (one, first, other, second) => {
        const world = givenWorld();
        const answer = await world.receive(postmarkRequest(postmarkMail({ [one]: first, [other]: second })));
        expect(answer.status).toBe(200);
        expect(
          world.messages().length + [...world.objects.keys()].filter((key) => key.includes('unreadable')).length,
        ).toBe(1);
      },
    ),
    { numRuns: 500 },
  );
});
