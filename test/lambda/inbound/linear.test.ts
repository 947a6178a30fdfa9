import { expect, test } from 'vitest';
import type { Arrival } from '../../../lambda/webhook/authenticate.ts';
import { givenWorld, mailgunMail, mailgunRequest, postmarkMail, postmarkRequest } from './world.ts';

// Each mail repeats one short piece of text in one of the places that the reader of mail parses. If the time to read such a mail
// grows with the square of its size, one megabyte takes minutes. If the time grows in proportion to the size, one megabyte takes
// only a moment.

const MB = 1_000_000;
const MOST_CPU_MICROSECONDS = 5_000_000;

const PIECES = [
  ' ',
  '=',
  '(',
  '<',
  '"',
  '\\',
  ',',
  ';',
  ':',
  '@',
  'a',
  '\0',
  '\xe9',
  '\n ',
  '\r\n',
  '= ',
  '; ',
  'a ',
  'a:',
  '<a@',
  'a@b,',
  '\\"',
  ';a="',
  '<a@b> ',
  ';name=a (b',
  ')',
  ';a*1*=%41',
  '=\r\n',
  '\n--b\n',
  '=?utf-8?q?',
  '=?utf-8?q?a?= ',
  '=?utf-8?b?YWFh?= ',
  '=?a?q?b?= =?c?q?d?= ',
  '=?iso-2022-jp?b?YWFh?= ',
  '=?u?q?a?',
  '=?utf-8?q?=',
  '="cid:',
  'srcset="',
  'url(&quot;',
  '<!--',
];

test.each(PIECES)(
  '%j repeated, in every place of a mail, takes time in proportion to its size',
  { timeout: 120_000 },
  async (piece) => {
    const filled = (size: number) => piece.repeat(Math.ceil(size / piece.length));
    const headers = (size: number) => HEADERS.map((start) => `${start}${filled(size / HEADERS.length)}\r\n`).join('');
    const parts = PARTS.map(
      (head) => `--b\r\n${head.replace('…', () => filled(20_000))}\r\n\r\n${filled(MB / PARTS.length)}\r\n`,
    );
    const mail = `Message-ID: <1@x>\r\n${headers(200_000)}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--`;

    await expectSoon(
      mailgunRequest(
        [
          ['recipient', 'a@x.com'],
          ['body-mime', Buffer.from(mail, 'latin1')],
        ],
        { multipart: true },
      ),
    );
  },
);

test.each(PIECES)(
  '%j repeated, in every field of a form and of JSON, takes time in proportion to its size',
  { timeout: 120_000 },
  async (piece) => {
    const filled = piece.repeat(Math.ceil(MB / 20 / piece.length));
    const headers = HEADERS.map((start): [string, string] => [start.split(':')[0] ?? '', filled]);
    const fields = Object.fromEntries(FIELDS.map((name) => [name, filled]));
    const json = Object.fromEntries(JSON_FIELDS.map((name) => [name, filled]));
    const Headers = headers.map(([Name, Value]) => ({ Name, Value }));
    const Attachments = [{ Name: filled, ContentType: filled, ContentID: filled, Content: filled }];

    await expectSoon(
      mailgunRequest(mailgunMail({ ...fields, 'message-headers': JSON.stringify(headers) }), { multipart: true }),
    );
    await expectSoon(postmarkRequest(postmarkMail({ ...json, Headers, Attachments })));
  },
);

const HEADERS = [
  'From: ',
  'To: "',
  'Cc: <',
  'Reply-To: g:',
  'Subject: ',
  'Date: Mon, ',
  'References: <',
  'In-Reply-To: ',
  'Received: from x; ',
  'Return-Path: <',
  'Received-SPF: ',
  'Auto-Submitted: ',
  'Authentication-Results: mailgun.org; ',
  'Content-Type: text/plain',
  'X-Spam-Tests: ',
];
const PARTS = [
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Type: text/plain; charset=utf-7',
  'Content-Type: text/plain; charset=iso-2022-jp; format=flowed; delsp=yes',
  'Content-Type: text/html',
  'Content-Type: text/plain…',
  'Content-Type: text/plain; charset="…"',
  'Content-Type: multipart/mixed; boundary="…"',
  'Content-Type: application/pdf; name="…"',
  'Content-Disposition: attachment; filename*0="…"',
  "Content-Disposition: attachment; filename*=utf-8''…",
  'Content-ID: <…',
];
const FIELDS = [
  'subject',
  'from',
  'sender',
  'body-plain',
  'body-html',
  'stripped-text',
  'content-id-map',
  'attachment-count',
];
const JSON_FIELDS = [
  'Subject',
  'TextBody',
  'HtmlBody',
  'Date',
  'ReplyTo',
  'MessageID',
  'StrippedTextReply',
  'MailboxHash',
];

async function expectSoon(request: Arrival): Promise<void> {
  const world = givenWorld();
  const begun = process.cpuUsage();
  const { status } = await world.receive(request);
  expect(process.cpuUsage(begun).user).toBeLessThan(MOST_CPU_MICROSECONDS);
  expect(status).toBe(200);
}
