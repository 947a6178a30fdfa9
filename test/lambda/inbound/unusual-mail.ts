import iconv from 'iconv-lite';
import type { Expected } from './field-expectations.ts';
import { AS_BYTES, mail, type Sibling } from './sibling-mail.ts';
import { WAYS } from './six-ways.ts';

// Unusual mails that are valid, or almost valid. The RFC or convention that applies is named for each mail.

const parts = (type: string, ...written: readonly string[]): Buffer =>
  mail({ 'Content-Type': `${type}; boundary=b` }, `${written.map((part) => `--b\n${part}\n`).join('')}--b--\n`);

const header = (name: string, value: string, expected: Expected): Sibling => ({
  name: `${name}: ${value}`,
  mail: mail({ [name]: value }, 'body\n'),
  expect: expected,
  ways: WAYS,
});

/** Returns a mail with HTML and a picture. `inline` says whether the HTML refers to the picture by its Content-ID (RFC 2392). */
const picture = (html: string, contentId: string, inline: boolean): Sibling => ({
  name: `${html} and ${contentId}`,
  mail: parts(
    'multipart/related',
    `Content-Type: text/html\n\n${html}`,
    `Content-Type: image/png\nContent-ID: ${contentId}\n\nx`,
  ),
  expect: { attachments: [{ inline, size: 1 }] },
  ways: WAYS,
});

const REFERENCES: readonly Sibling[] = [
  ...[
    '<div style="background:url(&quot;cid:x@y&quot;)">',
    '<div style="background:url(&#39;cid:x@y&#39;)">',
    '<style>a { background: url( cid:x@y ) }</style>',
    '<style>@import "cid:x@y";</style>',
    '<img srcset="cid:x@y 1x, cid:z@y 2x">',
    '<img srcset="cid:z@y,cid:x@y">',
    '<img src="cid:x&#64;y">',
    '<img src="cid:x&commat;y">',
    '<img src=cid:x@y/>',
    '<img src="\ncid:x@y\n">',
    '<!--[if gte vml 1]><v:imagedata src="cid:x@y"/><![endif]-->',
  ].map((html) => picture(html, '<x@y>', true)),
  picture('<img src="cid:x%20y">', '<x%20y>', true),
  picture(`<img src="cid:a'b@y">`, "<a'b@y>", true),
  picture('<img src="cid:a(1).png@y">', '<a(1).png@y>', true),
  picture('<p>cid:x@y is no reference, nor is &quot;cid:x@y&quot;</p>', '<x@y>', false),
  picture('<img src="cid:x@y2">', '<x@y>', false),
  ...['<div style="background:url(logo.png)">', '<video poster="logo.png">'].map(
    (html): Sibling => ({
      name: `${html} and Content-Location`,
      mail: parts(
        'multipart/related',
        `Content-Type: text/html\n\n${html}`,
        'Content-Type: image/png\nContent-Location: logo.png\n\nx',
      ),
      expect: { attachments: [{ inline: true }] },
    }),
  ),
  {
    name: 'a folded Content-Location (RFC 2557, section 4.4.2)',
    mail: parts(
      'multipart/related',
      'Content-Type: text/html\n\n<img src="http://x.org/a.png">',
      'Content-Type: image/png\nContent-Location:\n http://x.org/\n a.png\n\nx',
    ),
    expect: { attachments: [{ inline: true, contentLocation: 'http://x.org/a.png' }] },
  },
];

const AUTOMATIC: Expected = { flagsInclude: ['auto-reply'], flagsLack: ['bounce'] };
const BY_A_PERSON: Expected = { flagsLack: ['auto-reply', 'bounce', 'list', 'loop'] };

const report = (name: string, type: string, kind: string, expected: Expected): Sibling => ({
  name,
  mail: parts(type, '\nThe text.', `Content-Type: message/${kind}\n\nReporting-UA: x\n`),
  expect: expected,
  ways: WAYS,
});

const ROBOTS: readonly Sibling[] = [
  ...['<bulk>', "'bulk'", 'auto reply', 'list, bulk'].map((value) => header('Precedence', value, AUTOMATIC)),
  header('Precedence', 'list, bulk', { flagsInclude: ['list'] }),
  header('Precedence', 'non-bulk', BY_A_PERSON),
  header('Preference', 'auto_reply', AUTOMATIC),
  header('Precedence', 'auto-replied', AUTOMATIC),
  header('X-Auto-Replied', 'yes', AUTOMATIC),
  header('X-POST-MessageClass', '9; Autoresponder', AUTOMATIC),
  header('Delivered-To', 'Autoresponder', AUTOMATIC),
  ...['X-AutoReply-Sender', 'X-Autoresponse', 'X-Auto-Respond', 'X-Auto-Reply-From', 'X-Amazon-Auto-Reply'].map(
    (name) => header(name, 'yes', AUTOMATIC),
  ),
  ...['no', 'false', '0'].map((value) => header('X-Autoreply', value, BY_A_PERSON)),
  header('X-Auto-Response-Suppress', 'All', BY_A_PERSON),
  header('X-Mailman-Version', '2.1.39', { flagsInclude: ['list'] }),
  report('a receipt without the kind of the report', 'multipart/report', 'disposition-notification', AUTOMATIC),
  report('a complaint without the kind of the report', 'multipart/report', 'feedback-report', AUTOMATIC),
  report('a delivery report that lost its type', 'multipart/mixed', 'delivery-status', { flagsInclude: ['bounce'] }),
  {
    name: 'a delivery report with the footer of a list',
    mail: parts(
      'multipart/mixed',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n--c\n\nThe text.\n--c\nContent-Type: message/delivery-status\n\nAction: failed\n--c--',
      '\nfooter',
    ),
    expect: { flagsInclude: ['bounce'], textContains: ['The text.', 'footer'] },
    ways: WAYS,
  },
  {
    name: "a person's mail with a delivery report as a forwarded mail",
    mail: parts(
      'multipart/mixed',
      '\nThe text.',
      'Content-Type: message/rfc822\n\nContent-Type: multipart/report; report-type=delivery-status; boundary=c\n\n--c\nContent-Type: message/delivery-status\n\nAction: failed\n--c--',
    ),
    expect: BY_A_PERSON,
    ways: WAYS,
  },
];

const tnef = Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]).toString('base64');

const FACTS: readonly Sibling[] = [
  ...['application/x-tnef', 'application/octet-stream; name="ATT00001.dat"'].map(
    (type): Sibling => ({
      name: `Outlook's format as ${type}`,
      mail: parts(
        'multipart/mixed',
        '\nThe text.',
        `Content-Type: ${type}\nContent-Transfer-Encoding: base64\n\n${tnef}`,
      ),
      expect: { flagsInclude: ['tnef'], attachments: [{ size: 6 }] },
      ways: WAYS,
    }),
  ),
  {
    name: 'an invitation that Gmail attaches',
    mail: parts(
      'multipart/mixed',
      '\nThe text.',
      'Content-Type: application/ics; name="invite.ics"\nContent-Disposition: attachment; filename="invite.ics"\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR',
    ),
    expect: { attachments: [{ filename: 'invite.ics', method: 'REQUEST' }] },
    ways: WAYS,
  },
  ...['x-uu', 'UU'].map(
    (encoding): Sibling => ({
      name: `Content-Transfer-Encoding ${encoding}, and a name within`,
      mail: parts(
        'multipart/mixed',
        '\nThe text.',
        `Content-Type: application/octet-stream\nContent-Transfer-Encoding: ${encoding}\n\nbegin 644 a.txt\n#0V%T\n\`\nend`,
      ),
      expect: { attachments: [{ filename: 'a.txt', size: 3 }], flagsLack: ['unparsable'] },
      ways: WAYS,
    }),
  ),
  ...(
    [
      ['<p title="a > b">c</p>', 'The text.\nc'],
      ['<table><tr><td>a</td><td>b</td></tr></table>', 'The text.\na b'],
      ['2 < 3 and <b>4</b> > 3', 'The text.\n2 < 3 and 4 > 3'],
    ] as const
  ).map(
    ([html, text]): Sibling => ({
      name: `plain text with ${html}`,
      mail: parts('multipart/mixed', '\nThe text.', `Content-Type: text/html\n\n${html}`),
      expect: { text },
    }),
  ),
  ...[
    'Content-Type: name=a.txt',
    'Content-Type: text/plain; filename=a.txt',
    'Content-Type: text/plain\nContent-Disposition: attachment; name=a.txt',
  ].map(
    (written): Sibling => ({
      name: `a name in ${written.replace('\n', ' ')}`,
      mail: parts('multipart/mixed', '\nThe text.', `${written}\n\nx`),
      expect: { text: 'The text.', attachments: [{ filename: 'a.txt', size: 1 }] },
      ways: WAYS,
    }),
  ),
  {
    name: 'a name of a form field, which is none of a file',
    mail: parts('multipart/mixed', '\nThe text.', 'Content-Disposition: form-data; name=x\n\nmore'),
    expect: { textContains: ['The text.', 'more'], attachments: [] },
  },
  ...['identity', 'x-none'].map(
    (encoding): Sibling => ({
      name: `Content-Transfer-Encoding ${encoding}`,
      mail: mail({ 'Content-Transfer-Encoding': encoding }, 'body\n'),
      expect: { text: 'body', flagsLack: ['unparsable'] },
    }),
  ),
  {
    name: 'a disposition with a comma behind it',
    mail: parts(
      'multipart/mixed',
      '\nThe text.',
      'Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment,\n\nx',
    ),
    expect: { text: 'The text.', attachments: [{ filename: 'a.txt', inline: false }] },
    ways: WAYS,
  },
  ...['METHOD;X-A=b:CANCEL', 'method: cancel '].map(
    (line): Sibling => ({
      name: `a calendar with ${line}`,
      mail: parts('multipart/mixed', '\nThe text.', `Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n${line}\n`),
      expect: { attachments: [{ method: 'CANCEL' }] },
      ways: WAYS,
    }),
  ),
  {
    name: 'lines that CR alone ends, in base64',
    mail: mail(
      { 'Content-Transfer-Encoding': 'base64' },
      Buffer.from('one\rtwo\nthree\r\nfour\r\r\nfive\r').toString('base64'),
    ),
    expect: { text: 'one\ntwo\nthree\nfour\nfive', lineEnds: true },
    ways: WAYS,
  },
  {
    name: 'base64 with a comma behind its name',
    mail: mail({ 'Content-Transfer-Encoding': 'base64,' }, 'Ym9keQ==\n'),
    expect: { text: 'body', flagsLack: ['unparsable'] },
  },
  {
    name: 'a type with blanks around its slash',
    mail: mail({ 'Content-Type': 'text / html; charset=utf-8' }, '<p>body</p>\n'),
    expect: { html: '<p>body</p>', text: null },
  },
  {
    name: 'a footer in HTML with named characters, under plain text',
    mail: parts(
      'multipart/mixed',
      '\nThe text.',
      'Content-Type: text/html\n\n<p>&Auml;&uuml; &euro; &lt;b&gt; &x;</p>',
    ),
    expect: { textContains: ['The text.', 'Äü € <b> &x;'] },
  },
];

const mailbox = (value: string, ...mailboxes: readonly (readonly [name: string | null, address: string])[]) =>
  header('Cc', value, { cc: mailboxes.map(([name, address]) => ({ name, address })) });

const HEADERS: readonly Sibling[] = [
  mailbox('Jane <>, b@x.org', [null, 'b@x.org']),
  mailbox('Jane Doe (jane@x.org)', ['Jane Doe', 'jane@x.org']),
  mailbox('Jane Doe [mailto:jane@x.org]', ['Jane Doe', 'jane@x.org']),
  mailbox("'jane@x.org'", [null, 'jane@x.org']),
  mailbox('Jane <jane@x.org>.', ['Jane', 'jane@x.org']),
  mailbox('<Jane Doe> jane@x.org', ['Jane Doe', 'jane@x.org']),
  mailbox('Jane \\"JD\\" Doe <jane@x.org>', ['Jane JD Doe', 'jane@x.org']),
  mailbox('Jane <jane@x.org, Bob <b@x.org>', ['Jane', 'jane@x.org'], ['Bob', 'b@x.org']),
  mailbox('<jane@x.org, b@x.org>', [null, 'jane@x.org'], [null, 'b@x.org']),
  mailbox('<@a.example,@b.example:jane@x.org>, b@x.org', [null, 'jane@x.org'], [null, 'b@x.org']),
  mailbox('Jane <jane@x.org>, =?utf-8?Q?b=40x.org?=', ['Jane', 'jane@x.org'], [null, 'b@x.org']),
  mailbox('=?utf-8?Q?a=40x.org?=, =?utf-8?Q?b=40x.org?=', [null, 'a@x.org'], [null, 'b@x.org']),
  {
    ...mailbox('=?utf-8?Q?eve=40x.org?=, Jane <jane@x.org>', ['eve@x.org, Jane', 'jane@x.org']),
    ways: ['mailgun-mime', 'mailgun-stored', 'postmark-raw', 'ses'],
  },
  mailbox('A <a@x.org>, (no one), b@x.org', ['A', 'a@x.org'], [null, 'b@x.org']),
  mailbox('=?utf-8?Q?J=C3=BCrgen?= <=?utf-8?Q?j=40x.org?=>', ['Jürgen', 'j@x.org']),
  header('Subject', '=?utf-8?Q?a=?= =?utf-8?Q?C3=A4?=', { subject: 'aä' }),
  header('Subject', '=?utf-8?Q?a=C3=?=', { subject: 'aÃ=' }),
  header('Subject', '=?utf-8?Q?a=?= =?utf-8?B?w6Q=?=', { subject: 'a=ä' }),
  header('Subject', '=?utf-8?Q?what?_now?=', { subject: 'what? now' }),
  header('Subject', '=?utf-8?Q?a? text =?utf-8?Q?b?=', { subject: '=?utf-8?Q?a? text b' }),
  header('Date', 'Tue Feb  3 10:00:00 2026 +0100', { date: '2026-02-03T09:00:00.000Z' }),
  header('Date', '"Tue, 3 Feb 2026 10:00:00 +0100"', { date: '2026-02-03T09:00:00.000Z' }),
];

const NAMES: readonly Sibling[] = [
  ...(
    [
      ['=?utf-8?Q?eve=40x.org,_J?= <j@x.org>', 'eve@x.org, J'],
      ['=?utf-8?Q?J=3B_=3Ceve=40x.org=3E?= <j@x.org>', 'J; <eve@x.org>'],
    ] as const
  ).map(([value, name]) => header('From', value, { from: [{ name, address: 'j@x.org' }] })),
  header('From', 'J <j@x.org>, K <k@x.org>', {}),
  ...['From', 'Cc'].map((name) => ({
    name: `signs within an encoded word of ${name}`,
    mail: mail({ [name]: '=?utf-8?Q?J=C3=BCrgen_=28Sales=29=3B_=22JM=22?= <j@x.org>' }, 'body\n'),
    expect: { [name.toLowerCase()]: [{ name: 'Jürgen (Sales); "JM"', address: 'j@x.org' }] },
  })),
];

const russian = iconv.encode('Привет', 'windows-1251').toString('latin1');
const declared = (html: string): Sibling => ({
  name: `a charset in ${html.slice(0, 60)}`,
  mail: mail({ 'Content-Type': 'text/html', Subject: russian }, `${html}<p>${russian}</p>`),
  expect: { htmlContains: ['<p>Привет</p>'], subject: 'Привет' },
  ways: AS_BYTES,
});

const CHARSETS: readonly Sibling[] = [
  {
    name: 'UTF-8 with a byte that is none',
    mail: mail({ 'Content-Type': 'text/plain; charset=utf-8' }, 'gr\xc3\xb6\xc3\x9fer f\xfcr\n'),
    expect: { text: 'größer f\ufffdr' },
  },
  declared('<meta charset=windows-1251>'),
  declared('<!-- <meta charset=koi8-r> --><meta charset=windows-1251>'),
  declared('<meta name="x" content="charset=foo"><meta charset=windows-1251>'),
  declared(`<style>${'y'.repeat(1_500)}</style><meta charset=windows-1251>`),
];

export const UNUSUAL_MAIL: readonly Sibling[] = [...REFERENCES, ...ROBOTS, ...FACTS, ...HEADERS, ...NAMES, ...CHARSETS];
