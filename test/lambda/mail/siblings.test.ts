import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { readSubmission } from '../../../lambda/contract/submission.ts';
import type { Message } from '../../../lambda/mail/message.ts';
import { composeMime } from '../../../lambda/mail/mime.ts';
import { emailOf } from '../../../lambda/providers/postmark/email.ts';
import { buildMessage } from '../../../lambda/sender/build-message.ts';
import { headerFields } from './read-back.ts';

// These tests check variants of reported faults. Each submission is read and composed to a mail, and two parsers without common
// code read this mail.

const MINIMAL = { version: 1, from: 'hector@example.com', to: ['ada@example.org'], text: 'Hello' };
const NO_TRACKING = { opens: false, clicks: false };

describe('a header', () => {
  const RESERVED =
    'From To Cc Bcc Reply-To Subject Date Sender Message-ID MIME-Version Return-Path Received Delivered-To X-Original-To ' +
    'Apparently-To Authentication-Results Received-SPF DKIM-Signature DomainKey-Signature BIMI-Location BIMI-Indicator ' +
    'X-SMTPAPI X-MSYS-API Content-Type Content-Transfer-Encoding Content-Language List-Unsubscribe List-Unsubscribe-Post ' +
    'Resent-From Resent-To Resent-Message-ID ARC-Seal ARC-Message-Signature ARC-Authentication-Results X-Mailover-Id ' +
    'X-Mailover-Anything X-PM-Tag X-PM-KeepID X-SES-CONFIGURATION-SET X-SES-FROM-ARN X-Mailgun-Variables';

  it.each(RESERVED.split(' '))('%s is left to others, in any case', (name) => {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()])
      expect(readSubmission(JSON.stringify({ ...MINIMAL, headers: { [spelling]: 'a' } }))).toMatchObject({
        kind: 'problem',
        problem: { reason: 'Malformed', detail: expect.stringContaining('headers') },
      });
  });

  it.each([
    'X-From',
    'X-Received-By',
    'Receivedx',
    'X-SES',
    'Fromage',
    'X-Mailover',
    'Archived-At',
    'Senders',
    'Comments',
    'Keywords',
    'Organization',
    'User-Agent',
    'X-Authentication-Results',
  ])('%s may be set', (name) => {
    expect(readSubmission(JSON.stringify({ ...MINIMAL, headers: { [name]: 'a' } })).kind).toBe('submission');
  });

  const WORDS =
    'Accept-Language Archived-At Auto-Submitted Autocrypt BIMI-Selector CFBL-Address CFBL-Feedback-ID ' +
    'Disposition-Notification-Options Expires Expiry-Date Feedback-ID Importance Language Followup-To MT-Priority Newsgroups ' +
    'List-Archive List-Help List-Owner List-Post List-Subscribe Message-Context Original-Recipient Precedence Priority ' +
    'Reply-By Require-Recipient-Valid-Since Sensitivity SIO-Label Thread-Index TLS-Required VBR-Info ' +
    'X-Auto-Response-Suppress X-Autoreply X-Complaints-To X-CSA-Complaints X-Entity-Ref-ID X-Loop X-MSMail-Priority ' +
    'X-Originating-IP X-Priority X-Report-Abuse X-Spam-Flag';
  const LONG = `<https://example.com/${'a'.repeat(870)}>`;

  it.each([
    ...WORDS.split(' ').map((name) => [name, '  bulk;  a=b\u00a0 x ', 'bulk; a=b x', 'größer'] as const),
    ...WORDS.split(' ').map((name) => [name, LONG, LONG, `${LONG}${'a'.repeat(20)}`] as const),
    ...['References', 'In-Reply-To', 'Original-Message-ID', 'Obsoletes', 'Supersedes', 'X-Forwarded-Message-ID'].map(
      (name) =>
        [name, ' <a@example.com>,  <b@example.com>', '<a@example.com> <b@example.com>', '<ä@example.com>'] as const,
    ),
    ['List-ID', 'News   <news.example.com>', '"News" <news.example.com>', 'News <nüws.example.com>'] as const,
    ...['Disposition-Notification-To', 'Return-Receipt-To', 'X-Confirm-Reading-To', 'Errors-To'].map(
      (name) => [name, 'ada@example.org', 'ada@example.org', 'ädå@example.org'] as const,
    ),
  ])(
    '%s with %j is written plainly and the same at Postmark, and with anything to encode it is Malformed',
    async (name, given, written, bad) => {
      const message = messageOf({ headers: { [name]: given } });
      const mime = await composeMime(message);

      const found = headerFields(mime).filter(([other]) => other === name);
      expect(found).toEqual([[name, written]]);
      const email = emailOf(message, ['ada@example.org'], 'outbound', NO_TRACKING, 1);
      expect(email?.Headers.filter((one) => one.Name === name)).toEqual([{ Name: name, Value: written }]);
      const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
      const inOne = one.headerLines.find(({ key }) => key === name.toLowerCase())?.line;
      expect(
        inOne
          ?.slice(name.length + 1)
          .replace(/\s+/g, ' ')
          .trim(),
      ).toBe(written);
      expect(other.headers.find(({ key }) => key === name.toLowerCase())?.value.replace(/\s+/g, ' ')).toBe(written);
      expect(readSubmission(JSON.stringify({ ...MINIMAL, headers: { [name]: bad } }))).toMatchObject({
        problem: { reason: 'Malformed' },
      });
    },
  );

  it.each([
    ['X-Note', 'ü'.repeat(300)],
    ['X-Note', 'x'.repeat(2_000)],
    [`X-${'n'.repeat(74)}`, 'größer'],
    [`X-${'n'.repeat(50)}`, '你好'.repeat(40)],
    ['Comments', `${'a'.repeat(75)} ü`],
    ['X-Note', '👩‍👩‍👧'.repeat(30)],
    ['X-Note', '=?utf-8?q?a?='],
    ['X-Note', `${'a b'.repeat(30)}  ${'c'.repeat(90)}`],
  ])('%s of free text %s has no long line with an encoded word, and is read by both', async (name, value) => {
    const mime = await composeMime(messageOf({ headers: { [name]: value }, subject: value }));

    const lines = mime.toString().split('\r\n\r\n')[0]?.split('\r\n') ?? [];
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(998);
      // After a header name of 76 characters no encoded word fits, so the words begin on the next line.
      if (/=\?utf-8\?/i.test(line)) expect(line.length).toBeLessThanOrEqual(76);
    }
    const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
    expect([one.subject, other.subject]).toEqual([value, value]);
  });
});

describe('a repeated name', () => {
  const whole = {
    version: 1,
    id: 'a',
    class: 'receipts',
    from: { name: 'Hector', address: 'hector@example.com' },
    to: [{ name: 'Ada', address: 'ada@example.org' }],
    cc: ['b@example.org'],
    bcc: ['c@example.org'],
    replyTo: [{ name: 'R', address: 'r@example.com' }],
    subject: 's',
    text: 't',
    html: 'h',
    headers: { 'X-A': '1', 'X-B': '2' },
    attachments: [
      { filename: 'a', contentType: 'a/b', content: 'AAA=', contentId: 'c' },
      { filename: 'b', contentType: 'a/b', s3: { bucket: 'bucket', key: 'submissions/a' } },
    ],
    tracking: { opens: false, clicks: false },
    calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR' },
    tag: 't',
    metadata: { a: '1', b: '2' },
    unsubscribe: { url: 'https://example.com/u', mailto: 'u@example.com' },
    expiresAt: '2026-12-01T00:00:00Z',
    onUnknown: 'ask',
    supersedes: 'b',
    providers: { only: ['ses'], except: ['mailgun'] },
  };
  const escaped = (name: string) =>
    Array.from(name, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

  /**
   * Returns JSON texts of the value. In each text one object contains one of its property names twice; `spell` decides how the
   * second one is written.
   */
  function repeats(value: unknown, spell: (name: string) => string): string[] {
    if (Array.isArray(value))
      return value.flatMap((item, at) =>
        repeats(item, spell).map(
          (text) => `[${value.map((other, place) => (place === at ? text : JSON.stringify(other)))}]`,
        ),
      );
    if (typeof value !== 'object' || value === null) return [];
    const entries = Object.entries(value);
    const pairs = entries.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`);
    return entries.flatMap(([name, item], at) => [
      `{${[...pairs, `"${spell(name)}" : ${JSON.stringify(item)}`]}}`,
      ...repeats(item, spell).map((text) => `{${pairs.with(at, `${JSON.stringify(name)}:${text}`)}}`),
    ]);
  }

  it('at any depth is Malformed, also escaped, with the same value, and after a byte order mark', () => {
    expect(readSubmission(JSON.stringify(whole)).kind).toBe('submission');
    let count = 0;
    for (const spell of [
      (name: string) => name,
      escaped,
      (name: string) => `${escaped(name[0] ?? '')}${name.slice(1)}`,
    ])
      for (const text of repeats(whole, spell)) {
        expect(JSON.parse(text)).toBeTypeOf('object');
        for (const mark of ['', '\ufeff'])
          expect(readSubmission(mark + text)).toMatchObject({
            problem: { reason: 'Malformed', detail: expect.stringContaining('given twice') },
          });
        count += 1;
      }
    expect(count).toBeGreaterThan(120);
  });

  it.each(['x-a', 'X-a', 'X-A '])('of a header in the spelling %j beside X-A is Malformed', (name) => {
    expect(readSubmission(JSON.stringify({ ...MINIMAL, headers: { 'X-A': '1', [name]: '1' } }))).toMatchObject({
      problem: { reason: 'Malformed' },
    });
  });
});

describe('a byte order mark', () => {
  const pointer = { version: 1, s3: { bucket: 'bucket', key: 'submissions/a' } };

  it('before the JSON is ignored', () => {
    expect(readSubmission(`\ufeff${JSON.stringify(MINIMAL)}`).kind).toBe('submission');
    expect(readSubmission(`\ufeff \r\n${JSON.stringify(MINIMAL)}\n`).kind).toBe('submission');
    expect(readSubmission(Buffer.from(`\ufeff${JSON.stringify(MINIMAL)}`)).kind).toBe('submission');
    expect(readSubmission(`\ufeff${JSON.stringify(pointer)}`).kind).toBe('pointer');
  });

  it('elsewhere is a character of the text', () => {
    const read = readSubmission(JSON.stringify({ ...MINIMAL, text: '\ufeffHello' }));
    expect(read).toMatchObject({ kind: 'submission', submission: { text: '\ufeffHello' } });
    expect(readSubmission(`\ufeff\ufeff${JSON.stringify(MINIMAL)}`)).toMatchObject({
      problem: { reason: 'Malformed' },
    });
  });
});

describe('an invitation', () => {
  const METHODS = ['PUBLISH', 'REQUEST', 'REPLY', 'ADD', 'CANCEL', 'REFRESH', 'COUNTER', 'DECLINECOUNTER'];
  const content = (method: string) => `BEGIN:VCALENDAR\nMETHOD:${method}\nSUMMARY:Größe\nEND:VCALENDAR\n`;
  const file = { filename: 'a.pdf', contentType: 'application/pdf', content: 'AAA=' };
  const image = { filename: 'l.png', contentType: 'image/png', content: 'AAA=', contentId: 'logo' };
  const BODIES = {
    'a text': { text: 'Come' },
    HTML: { html: '<p>Come</p>' },
    'text and HTML': { text: 'Come', html: '<p>Come</p>' },
    'HTML with an image': { html: '<img src="cid:logo">', attachments: [image] },
    'text, HTML, image and file': { text: 'Come', html: '<img src="cid:logo">', attachments: [image, file] },
    'a text and a file': { text: 'Come', attachments: [file] },
  };

  it.each(METHODS.flatMap((method) => Object.entries(BODIES).map(([name, body]) => [method, name, body] as const)))(
    '%s beside %s is found by both, as alternative and as file',
    async (method, _, body) => {
      for (const spelling of [method, method.toLowerCase()]) {
        const { text: _text, ...minimal } = MINIMAL;
        const given = { ...minimal, ...body, calendar: { method, content: content(spelling) } };
        const mime = await composeMime(messageOf(given, true));

        const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
        const files = 'attachments' in body ? body.attachments.length : 0;
        const calendars = one.attachments.filter((found) =>
          /^(text\/calendar|application\/ics)$/.test(found.contentType),
        );
        expect(calendars.map((found) => found.content.toString().replaceAll('\r\n', '\n'))).toEqual([
          content(spelling),
          content(spelling),
        ]);
        expect(one.attachments).toHaveLength(2 + files);
        expect(other.attachments).toHaveLength(2 + files);
        expect(other.attachments.find(({ mimeType }) => mimeType === 'text/calendar')?.method).toBe(method);
        expect(other.attachments.find(({ mimeType }) => mimeType === 'application/ics')?.filename).toBe('invite.ics');
        if ('text' in body) expect([one.text?.trim(), other.text?.trim()]).toEqual(['Come', 'Come']);
        if ('html' in body) {
          expect(other.html?.trim()).toBe(body.html);
          expect(one.html).toBeTruthy();
        }
        // RFC 2046 section 5.1.4: the richest alternative comes last.
        expect(mime.toString().replace(/[\s\S]*multipart\/alternative/, '')).toMatch(
          /text\/(plain|html)[\s\S]*text\/calendar/,
        );
      }
    },
  );

  it.each([
    ['request', content('REQUEST')],
    ['REQUEST', content('CANCEL')],
    ['REQUEST', 'METHOD:REQUEST'],
    ['REQUEST', ''],
    ['NOTHING', content('NOTHING')],
  ])('of method %s and content %j is Malformed', (method, content) => {
    expect(readSubmission(JSON.stringify({ ...MINIMAL, calendar: { method, content } }))).toMatchObject({
      problem: { reason: 'Malformed', detail: expect.stringContaining('calendar') },
    });
  });
});

describe('a file name', () => {
  const fileOf = (filename: string) => ({ filename, contentType: 'application/octet-stream', content: 'AP8K' });

  it.each([
    'noextension',
    '.htaccess',
    '.pdf',
    'trailing.pdf.',
    'spaces at the end.pdf  ',
    '  spaces before.pdf',
    'CON',
    'NUL.txt',
    'Rechnung 12/2026.pdf',
    '../../etc/passwd',
    'C:\\temp\\a.pdf',
    'a;b=c.txt',
    'it\'s 100% "sure".txt',
    "utf-8''a.txt",
    'a%20b.pdf',
    `${'x'.repeat(251)}.pdf`,
    `${'語'.repeat(251)}.pdf`,
    `${'👩‍👩‍👧'.repeat(30)}.pdf`,
    'שלום.pdf',
    'a\u200fb\u200e.pdf',
    'e\u0301.pdf',
    'a\u00a0b.pdf',
    'a\u2028b.pdf',
  ])('%j is found by both as given', async (filename) => {
    const mime = await composeMime(messageOf({ attachments: [fileOf(filename)] }));

    for (const line of mime.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
    expect(mime.toString('latin1')).toMatch(/^[\x20-\x7e\r\n]*$/);
    const [one, other] = await Promise.all([simpleParser(mime), PostalMime.parse(mime)]);
    const names = [one.attachments[0]?.filename, other.attachments[0]?.filename];
    // The parsers trim file names.
    expect(names.map((name) => name?.trim())).toEqual([filename.trim(), filename.trim()]);
    expect(one.attachments[0]?.content).toEqual(Buffer.from([0, 255, 10]));
    expect(Buffer.from(other.attachments[0]?.content as ArrayBuffer)).toEqual(Buffer.from([0, 255, 10]));
  });

  it.each([
    ...Array.from('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069', (mark) => `a${mark}fdp.exe`),
    '',
    'a\nb.pdf',
    'a\r\nb.pdf',
    'a\0b.pdf',
    'a\u001fb.pdf',
    'a\u007fb.pdf',
    'x'.repeat(256),
    'a\u010d\u010ab',
  ])('%j is Malformed', (filename) => {
    expect(readSubmission(JSON.stringify({ ...MINIMAL, attachments: [fileOf(filename)] }))).toMatchObject({
      problem: { reason: 'Malformed', detail: expect.stringContaining('attachments[0].filename') },
    });
  });
});

function messageOf(changes: object, isWhole = false): Message {
  const body = isWhole ? changes : { ...MINIMAL, ...changes };
  const read = readSubmission(JSON.stringify(body));
  if (read.kind !== 'submission') throw new Error(JSON.stringify(read));
  const { submission, contents } = read;
  const attachments = (submission.attachments ?? []).map((_, index) => contents.get(index) ?? Buffer.alloc(0));
  const built = buildMessage(submission, { id: 'order-1', attachments, now: new Date('2026-11-28T12:00:00Z') });
  if ('problem' in built) throw new Error(built.problem.detail);
  return built.message;
}
