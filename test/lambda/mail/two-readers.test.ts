import fc from 'fast-check';
import libmime from 'libmime';
import { type AddressObject, simpleParser } from 'mailparser';
import PostalMime, { decodeWords } from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { readSubmission } from '../../../lambda/contract/submission.ts';
import { STRUCTURED } from '../../../lambda/mail/header-kinds.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { emailOf } from '../../../lambda/providers/postmark/email.ts';
import { mailOf } from '../../../lambda/providers/sendgrid/mail.ts';
import { buildMessage } from '../../../lambda/sender/build-message.ts';
import { headerFields, readEncodedWords } from './read-back.ts';

// Two parsers without common code must find the values of the submission in every composed mail. Postmark and SendGrid must get
// the same headers.

const MINIMAL = { version: 1, from: 'hector@example.com', to: ['ada@example.org'], text: 'Hello' };
const INVITATION = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Größe\r\nEND:VCALENDAR\r\n';

describe('two readers', () => {
  it('read the same headers of any submission, and no line with an encoded word is too long', async () => {
    await fc.assert(
      fc.asyncProperty(submissions, async (submission) => {
        const message = messageOf(submission);
        const mime = await composeMime(message);

        expectEncodedWordsInPlace(mime);
        const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
        const { from, to, replyTo = [], subject = '', headers = {} } = submission;
        expect([one.subject ?? '', other.subject ?? '']).toEqual([trimmed(subject), trimmed(subject)]);
        for (const list of [
          [...mailboxesOf(one.from), ...mailboxesOf(one.to), ...mailboxesOf(one.replyTo)],
          [other.from, ...(other.to ?? []), ...(other.replyTo ?? [])].map((found) => ({
            name: found?.name ?? '',
            address: found?.address ?? '',
          })),
        ])
          expect(list).toEqual([from, ...to, ...replyTo]);
        const ids = headers['References']?.match(/<[^>]*>/g) ?? [message.messageId, headers['in-reply-to']?.trim()];
        expect([one.references].flat()).toEqual(ids.filter(Boolean));
        expect(other.references?.split(/\s+/)).toEqual(ids.filter(Boolean));
        expect(other.inReplyTo).toBe(headers['in-reply-to']?.trim());
        const note = headers['X-Note']?.trim();
        const found = headerFields(mime).find(([name]) => name === 'X-Note')?.[1];
        // Neither parser decodes headers that it does not know. Therefore the test decodes the encoded words of these headers, as
        // a mail program does.
        expect(found && decodeWords(found)).toBe(note);
        expect(found && /=\?UTF-8\?B\?/.test(found) ? readEncodedWords(found) : found).toBe(note);
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('find the same headers at Postmark and SendGrid', async () => {
    await fc.assert(
      fc.asyncProperty(submissions, async (submission) => {
        const message = messageOf(submission);
        const email = emailOf(message, ['ada@example.org'], 'outbound', { opens: false, clicks: false }, 1);
        const given = new Map(email?.Headers.map(({ Name, Value }) => [Name, Value]));
        const { headers } = mailOf(message, ['ada@example.org'], { opens: false, clicks: false }, 1);
        const composed = new Map(headerFields(await composeMime(message)));
        for (const [name] of message.headers)
          expect([given.get(name), headers[name]]).toEqual([composed.get(name), composed.get(name)]);
      }),
      { numRuns: 50 },
    );
  }, 60_000);

  it.each([
    ['ids', `${'<a1@shop.example.com>,  '.repeat(9)}<b2@shop.example.com>`],
    ['listId', 'News  über Größe und 你好 und vieles mehr <news.example.com>'],
    ['words', `one   two; three=4 ${'https://example.com/five '.repeat(9)}`],
    ['mailboxes', '"B, c" <b@example.org>, Größe  Müller <ada@example.org>, bo@example.org'],
  ] as const)('find the value of every header with %s', async (kind, value) => {
    const names = STRUCTURED.filter((one) => one.kind === kind).flatMap(({ names }) => namesIn(names));
    expect(names.length).toBeGreaterThan(0);
    const between = { ids: /[,\s]+/g, listId: /\s+/g, words: /\s+/g, mailboxes: /\s+/g }[kind];
    const expected = value.replace(between, ' ').trim();
    const mime = await composeMime(messageOf({ headers: Object.fromEntries(names.map((name) => [name, value])) }));

    const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
    for (const name of names) {
      const found = one.headerLines.filter(({ key }) => key === name).map(({ line }) => line.replace(/^[^:]*:\s*/, ''));
      const values = other.headers.filter(({ key }) => key === name).map((header) => header.value);
      const collapsed = (list: readonly string[], decode: (text: string) => string) =>
        list.map((text) => decode(text.replace(/\s+/g, ' ')).trim());
      expect([name, collapsed(found, (text) => libmime.decodeWords(text)), collapsed(values, decodeWords)]).toEqual([
        name,
        [expected],
        [expected],
      ]);
    }
  });

  it.each([
    'Übersicht.pdf',
    'a "quoted" name; with=all.txt',
    `${'ü'.repeat(120)}.pdf`,
    "it's 100%.txt",
    'مستند.pdf',
    '📎 file.tar.gz',
    'no extension',
  ])('find a file named %s, whose name is no encoded word', async (filename) => {
    const content = Buffer.from([0, 255, 10]);
    const attachments = [{ filename, contentType: 'application/octet-stream', content: content.toString('base64') }];
    const mime = await composeMime(messageOf({ attachments }));

    expectEncodedWordsInPlace(mime);
    const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
    expect(one.attachments.map((found) => [found.filename, found.content])).toEqual([[filename, content]]);
    expect(other.attachments.map((found) => [found.filename, Buffer.from(found.content as ArrayBuffer)])).toEqual([
      [filename, content],
    ]);
  });

  it.each([{ html: '<p>Come</p>' }, {}, { attachments: [{ filename: 'a', contentType: 'a/b', content: 'AAA=' }] }])(
    'find an invitation as an alternative to the text and as a file, beside %j',
    async (changes) => {
      const calendar = { method: 'REQUEST', content: INVITATION.replaceAll('\r\n', '\n') };
      const mime = await composeMime(messageOf({ ...changes, calendar }));

      expect(mime.toString()).toMatch(
        /multipart\/alternative[\s\S]*text\/plain[\s\S]*Content-Type: text\/calendar; charset=utf-8; method=REQUEST\r\n/,
      );
      const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
      const files = 'attachments' in changes ? 1 : 0;
      const found = one.attachments.filter(({ contentType }) => /calendar|ics/.test(contentType));
      expect(found.map(({ contentType, content }) => [contentType, content.toString()])).toEqual([
        ['text/calendar', INVITATION],
        ['application/ics', INVITATION],
      ]);
      expect(other.attachments).toHaveLength(2 + files);
      const invitation = other.attachments.find(({ mimeType }) => mimeType === 'text/calendar');
      expect(invitation?.method).toBe('REQUEST');
      expect(other.attachments.find(({ mimeType }) => mimeType === 'application/ics')?.filename).toBe('invite.ics');
      expect([one.text?.trim(), other.text?.trim()]).toEqual(['Hello', 'Hello']);
    },
  );
});

/**
 * Names without spaces at the start or end, and without two spaces in sequence: parsers may remove such spaces. The tests of the
 * MIME writer cover names with such spaces.
 */
const words = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Größe',
        'заказ',
        '你好',
        '👩‍👩‍👧',
        'a',
        'b,c',
        '"',
        '\\',
        '<x>',
        '=?',
        'x'.repeat(40),
        'é'.repeat(40),
        '(c)',
        'a@b',
      ),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }).map((text) => text.replace(/\s/g, '')),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => list.filter(Boolean).join(' ') || 'x');

const mailbox = fc.record({
  name: words,
  address: fc.constantFrom('ada@example.org', 'grace.hopper+tag@sub.example.net', `${'l'.repeat(60)}@example.org`),
});
const messageIds = fc
  .array(fc.constantFrom('<a1@shop.example.com>', '<b=?x?=@example.org>', `<${'c'.repeat(200)}@example.org>`), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((ids) => fc.constantFrom(' ', '  ', ', ', '', ' \u00a0').map((gap) => ids.join(gap)));

const submissions = fc.record(
  {
    from: mailbox,
    to: fc.tuple(fc.record({ name: words, address: fc.constant('ada@example.org') })),
    replyTo: fc.uniqueArray(mailbox, { selector: ({ address }) => address, maxLength: 3 }),
    subject: words,
    headers: fc.record(
      {
        References: messageIds,
        'in-reply-to': fc.constantFrom('<b2@shop.example.com>', ' <b2@shop.example.com> '),
        'List-Id': words.map((name) => `${name.replace(/[<>]/g, '')}  <news.example.com>`),
        Precedence: fc.constantFrom('bulk', ' bulk '),
        'X-Auto-Response-Suppress': fc.constantFrom('DR,  OOF', 'All'),
        'Disposition-Notification-To': fc.constantFrom(
          'ada@example.org',
          'Größe <ada@example.org>, "B, c" <b@example.org>',
        ),
        'X-Note': words,
        'X-A-Header-With-A-Name-That-Is-Far-Longer-Than-Any-Name-That-People-Use': words,
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['from', 'to'] },
) as fc.Arbitrary<Given>;

interface Given {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: Given['from'][];
  readonly replyTo?: Given['from'][];
  readonly subject?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function messageOf(changes: object): Message {
  const read = readSubmission(JSON.stringify({ ...MINIMAL, ...changes }));
  if (read.kind !== 'submission') throw new Error(JSON.stringify(read));
  const attachments = Array.from(read.contents.values());
  const built = buildMessage(read.submission, { id: 'order-1', attachments, now: new Date('2026-12-01T10:20:30Z') });
  if ('problem' in built) throw new Error(built.problem.detail);
  return built.message;
}

function mailboxesOf(given: AddressObject | AddressObject[] | undefined): { name: string; address: string }[] {
  const list = given === undefined ? [] : [given].flat();
  return list.flatMap(({ value }) => value.map(({ name, address = '' }) => ({ name, address })));
}

function trimmed(text: string): string {
  return text.trim();
}

/** Returns the names in a pattern such as `^(?:references|list-(?!id$).+)$`. */
function namesIn(pattern: string): string[] {
  const list = /^\^\(\?:(.*)\)\$$/.exec(pattern)?.[1] ?? '';
  return list.split('|').map((name) => name.replace('list-(?!id$).+', 'list-archive'));
}

const WORD = /=\?utf-8\?b\?[A-Za-z0-9+/=]*\?=/i;
/** Headers that may contain encoded words (RFC 2047 section 5): free text, and the phrase before an address or an id. */
const MAY_ENCODE = /^(Subject|X-Note|X-A-.*|From|To|Cc|Reply-To|List-Id|Disposition-Notification-To)$/;

function expectEncodedWordsInPlace(mime: Buffer): void {
  const text = mime.toString('latin1');
  for (const line of text.split('\r\n')) if (WORD.test(line)) expect(line.length).toBeLessThanOrEqual(76);
  for (const [name, value] of headerFields(mime)) if (WORD.test(value)) expect(name).toMatch(MAY_ENCODE);
  // The headers of MIME parts must not contain encoded words.
  expect(text.slice(text.indexOf('\r\n\r\n')).match(/^[A-Za-z-]+:.*=\?utf-8\?/gim)).toBeNull();
}
