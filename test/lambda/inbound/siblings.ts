import type { Expected } from './field-expectations.ts';
import { REAL_MAIL } from './real-mail.ts';
import { AS_BYTES, mail, type Sibling } from './sibling-mail.ts';
import { UNUSUAL_MAIL } from './unusual-mail.ts';

/** Returns a multipart mail whose parts are separated by the boundary `b`. */
function parts(type: string, ...written: readonly string[]): Buffer {
  const body = written.map((part) => `--b\n${part}\n`).join('');
  return mail({ 'Content-Type': `${type}; boundary=b` }, `${body}--b--\n`);
}

const header = (name: string, value: string, expected: Expected): Sibling => ({
  name: `${name}: ${value}`,
  mail: mail({ [name]: value, 'Content-Type': 'text/plain' }, 'body\n'),
  expect: expected,
});

const file = (written: string, filename: string | null): Sibling => ({
  name: written.replaceAll('\n', ' '),
  mail: parts('multipart/mixed', '\nbody', `${written}\nContent-Transfer-Encoding: base64\n\nJVBERi0=`),
  expect: { text: 'body', attachments: [{ filename, size: 5 }], flagsLack: ['unparsable', 'truncated'] },
});

const disposition = (value: string, filename: string | null) =>
  file(`Content-Type: application/pdf\nContent-Disposition: ${value}`, filename);

const body = (type: string, content: string, text: string, more: Readonly<Record<string, string>> = {}): Sibling => ({
  name: `${type || 'no type'} ${Object.values(more).join(' ')} ${JSON.stringify(content)}`,
  mail: mail({ 'Content-Type': type, ...more }, content),
  expect: { text, attachments: [], flagsLack: ['unparsable', 'truncated'] },
  ...(/[\x80-\xff]/.test(content) && { ways: AS_BYTES }),
});

const mailbox = (value: string, ...mailboxes: readonly (readonly [name: string | null, address: string])[]) =>
  header('Cc', value, { cc: mailboxes.map(([name, address]) => ({ name, address })) });

const EARLY: readonly Sibling[] = [
  {
    name: 'a multipart without its end',
    mail: mail(
      { 'Content-Type': 'multipart/mixed; boundary=b' },
      '--b\n\nbody\n--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBE',
    ),
    expect: { text: 'body', attachments: [{ filename: 'a.pdf', size: 3 }], flagsInclude: ['truncated'] },
  },
  {
    name: 'an alternative that only the outer delimiter ends',
    mail: parts(
      'multipart/mixed',
      'Content-Type: multipart/alternative; boundary=c\n\n--c\n\nbody\n--c\nContent-Type: text/html\n\n<p>body',
      'Content-Type: application/pdf; name=a.pdf\n\n%PDF',
    ),
    expect: { text: 'body', html: '<p>body', attachments: [{ filename: 'a.pdf' }], flagsInclude: ['truncated'] },
  },
  {
    name: 'an end without a line break, and lines behind it',
    mail: mail({ 'Content-Type': 'multipart/mixed; boundary=b' }, '--b\n\nbody\n--b--'),
    expect: { text: 'body', attachments: [], flagsLack: ['truncated', 'unparsable'] },
  },
];

const ENCODINGS: readonly Sibling[] = [
  {
    name: 'plain text that is labelled base64',
    mail: mail({ 'Content-Transfer-Encoding': 'base64' }, 'This is plain, not base64!\n'),
    expect: { text: 'This is plain, not base64!', flagsInclude: ['unparsable'] },
  },
  {
    name: 'HTML that is labelled base64',
    mail: mail({ 'Content-Type': 'text/html', 'Content-Transfer-Encoding': 'base64' }, '<p>Guten Tag</p>\n'),
    expect: { html: '<p>Guten Tag</p>', flagsInclude: ['unparsable'] },
  },
  {
    name: 'base64 with the footer of a list below',
    mail: mail(
      { 'Content-Transfer-Encoding': 'base64' },
      `${Buffer.from('The message itself.').toString('base64')}\n_______\nThe list, see http://lists.example.org/\n`,
    ),
    expect: { text: 'The message itself.', flagsInclude: ['unparsable'] },
  },
  {
    name: 'base64 whose long lines a server has cut',
    mail: mail(
      { 'Content-Transfer-Encoding': 'base64' },
      Buffer.from('A line of the message.\r\n'.repeat(80))
        .toString('base64')
        .replace(/.{990}/g, '$&!\n '),
    ),
    expect: { textContains: ['A line of the message.\nA line of the message.'], flagsLack: ['unparsable'] },
  },
];

const MORE: readonly Sibling[] = [
  ...['x-base64', 'Base-64', 'base_64'].map((encoding) =>
    body('text/plain', 'Ym9keQ==', 'body', { 'Content-Transfer-Encoding': encoding }),
  ),
  ...['quoted_printable', 'Quoted Printable', 'x-quoted-printable'].map((encoding) =>
    body('text/plain', 'bo=64y', 'body', { 'Content-Transfer-Encoding': encoding }),
  ),
  body('text/plain', 'body', 'body', { 'Content-Transfer-Encoding': '7 bit' }),
  {
    name: 'a related part whose root is the second page',
    mail: mail(
      { 'Content-Type': 'multipart/related; boundary=b; start="<root>"' },
      '--b\nContent-Type: text/html\nContent-ID: <frame>\n\n<p>frame\n--b\nContent-Type: text/html\nContent-ID: <root>\n\n<iframe src="cid:frame">\n--b--\n',
    ),
    expect: { html: '<iframe src="cid:frame">', attachments: [{ contentId: 'frame', inline: true }] },
  },
  {
    name: 'HTML that is labelled UTF-8, and names what it is',
    mail: mail({ 'Content-Type': 'text/html; charset=utf-8' }, '<meta charset="windows-1251"><p>\xcf\xf0\xe8</p>\n'),
    expect: { htmlContains: ['<p>При</p>'] },
    ways: AS_BYTES,
  },
  ...['a b.png', '<a@x>'].map(
    (id): Sibling => ({
      name: `a reference to cid:${id}`,
      mail: parts(
        'multipart/related',
        `Content-Type: text/html\n\n<img src="cid:${id}">`,
        `Content-Type: image/png\nContent-ID: <${id.replace(/[<>]/g, '')}>\n\nx`,
      ),
      expect: { attachments: [{ inline: true }] },
    }),
  ),
];

const FLAGS: readonly Sibling[] = [
  header('Precedence', '(c) bulk', { flagsInclude: ['auto-reply'] }),
  header('Precedence', '"bulk"', { flagsInclude: ['auto-reply'] }),
  header('Precedence', '(to a list) list', { flagsInclude: ['list'], flagsLack: ['auto-reply'] }),
  header('Auto-Submitted', '(c) no', { flagsLack: ['auto-reply'] }),
  header('Auto-Submitted', 'no (by hand)', { flagsLack: ['auto-reply'] }),
  header('Auto-Submitted', '"auto-generated"; owner-email="a@example.org"', { flagsInclude: ['auto-reply'] }),
];

const IDS: readonly Sibling[] = [
  header('References', '<a@b> c@d <e@f>', { references: ['<a@b>', '<c@d>', '<e@f>'] }),
  header('References', 'c@d <e@f>', { references: ['<c@d>', '<e@f>'] }),
  header('References', 'Your mail <a@b> to ada@example.org', { references: ['<a@b>'] }),
  header('In-Reply-To', '<a@b> (Ada <ada@example.org> wrote this)', { inReplyTo: '<a@b>' }),
  header('In-Reply-To', "ada@example.org's message <a@b>", { inReplyTo: '<a@b>' }),
  header('Message-ID', '(of <x@y>) <a@b>', { messageId: '<a@b>' }),
  header('Message-ID', '<a(1)@b>', { messageId: '<a(1)@b>' }),
  {
    name: 'a Content-ID with comments',
    mail: parts(
      'multipart/related',
      'Content-Type: text/html\n\n<img src="cid:a@x">',
      'Content-Type: image/png; name=a.png\nContent-ID: (c) <a@x> (d)\nContent-Disposition: attachment\n\nx',
    ),
    expect: { attachments: [{ filename: 'a.png', contentId: 'a@x', inline: true }] },
  },
];

const ADDRESSES: readonly Sibling[] = [
  mailbox('<a@x.org> <b@x.org>', [null, 'a@x.org'], [null, 'b@x.org']),
  mailbox('a@x.org b@x.org', [null, 'a@x.org'], [null, 'b@x.org']),
  mailbox('A <a@x.org> (first) B <b@x.org>, c@x.org', ['A', 'a@x.org'], ['B', 'b@x.org'], [null, 'c@x.org']),
  mailbox('"Doe, J"<j@x.org>"Roe, K"<k@x.org>', ['Doe, J', 'j@x.org'], ['Roe, K', 'k@x.org']),
  mailbox('Jane: Doe <j@x.org>', ['Jane: Doe', 'j@x.org']),
  mailbox('Jane; Doe <j@x.org>; b@x.org', ['Jane; Doe', 'j@x.org'], [null, 'b@x.org']),
  mailbox('; a@x.org; ; b@x.org;', [null, 'a@x.org'], [null, 'b@x.org']),
  mailbox('12:30 Club <c@x.org>, d@x.org', ['12:30 Club', 'c@x.org'], [null, 'd@x.org']),
  mailbox('Re: "x, y": z <j@x.org>', ['Re: x, y: z', 'j@x.org']),
  mailbox('Team: A <a@x.org>, b@x.org;, c@x.org', ['A', 'a@x.org'], [null, 'b@x.org'], [null, 'c@x.org']),
  mailbox('Team: a@x.org, b@x.org', [null, 'a@x.org'], [null, 'b@x.org']),
  mailbox('Jane <<j@x.org>>, b@x.org', ['Jane', 'j@x.org'], [null, 'b@x.org']),
  mailbox('jane@y.org <j@x.org>', ['jane@y.org', 'j@x.org']),
  mailbox('"jane: doe" <j@x.org>', ['jane: doe', 'j@x.org']),
];

const DATES: readonly Sibling[] = [
  header('Date', 'Wed, 25 Nov 2026 12:59:00 +9999', { date: null }),
  header('Date', 'Wed, 25 Nov 2026 12:59:00 +0160', { date: null }),
  header('Date', 'Wed, 25 Nov 2026 12:59:00 +1400', { date: '2026-11-24T22:59:00.000Z' }),
  header('Date', 'Wed, 25 Nov 2026 12:59:00 +0545 (NPT)', { date: '2026-11-25T07:14:00.000Z' }),
];

const NAMES: readonly Sibling[] = [
  disposition('filename=a.pdf', 'a.pdf'),
  disposition('attachment filename=a.pdf', 'a.pdf'),
  disposition('attachment, filename="a.pdf"', 'a.pdf'),
  disposition("attachment filename*=utf-8''%C3%A4.pdf", 'ä.pdf'),
  disposition('attachment; filename=(c) a.pdf', 'a.pdf'),
  disposition('attachment; filename=a.pdf (c)', 'a.pdf'),
  disposition('attachment; filename=Report (final) 2.pdf', 'Report (final) 2.pdf'),
  disposition('attachment; filename=Report (final).pdf; size=5', 'Report (final).pdf'),
  disposition('attachment; filename=a(1).pdf', 'a(1).pdf'),
  disposition('attachment; filename="x (1); filename=y (2).pdf"', 'x (1); filename=y (2).pdf'),
  disposition('attachment; filename=C:\\Users\\ada\\Report (2).pdf', 'Report (2).pdf'),
  file('Content-Type: application/pdf; name=Report (final) 2.pdf', 'Report (final) 2.pdf'),
];

const TYPES: readonly Sibling[] = [
  body('unknown/unknown', 'body', 'body'),
  body('application/text', 'body', 'body'),
  body('application/x-text; charset=utf-8', 'gr\xc3\xb6\xc3\x9fer', 'größer'),
  body('text/plain; charset=IBM00858', '\xd5', '€'),
  body('text/plain; charset=CP00850', '\x84', 'ä'),
  body('text/plain; charset=x-ms-cp932', '\x82\xa0', 'あ'),
  body('text/plain; charset=iso-2022-jp-ms', '\x1b$B$"\x1b(B', 'あ'),
  body('text/plain; charset="utf-8, iso-8859-1"', 'gr\xc3\xb6\xc3\x9fer', 'größer'),
  body('text/plain; charset=utf-32', '\xff\xfe\0\0a\0\0\0\xe4\0\0\0', 'aä'),
  body('text/plain; charset=utf-32', '\0\0\xfe\xff\0\0\0a\0\0\0\xe4', 'aä'),
  {
    name: 'bytes of an unknown type stay a file',
    mail: mail({ 'Content-Type': 'unknown/unknown', 'Content-Transfer-Encoding': 'base64' }, 'AAECAwQF\n'),
    expect: { text: null, attachments: [{ contentType: 'unknown/unknown', size: 6 }] },
  },
];

export const SIBLINGS: readonly Sibling[] = [
  ...EARLY,
  ...ENCODINGS,
  ...MORE,
  ...FLAGS,
  ...IDS,
  ...ADDRESSES,
  ...DATES,
  ...NAMES,
  ...TYPES,
  ...REAL_MAIL,
  ...UNUSUAL_MAIL,
];
