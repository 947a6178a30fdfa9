import iconv from 'iconv-lite';
import { AS_BYTES, mail, type Sibling } from './sibling-mail.ts';

// Mails in the form in which mail programs and servers write them. Names, addresses and contents are invented.

const base64 = (text: string | Buffer) => Buffer.from(text as string).toString('base64');
const inCharset = (text: string, charset: string) => iconv.encode(text, charset);
/** Encodes a text and returns its bytes as one character each, as `mail` expects them. */
const bytes = (text: string, charset = 'utf-8') => inCharset(text, charset).toString('latin1');

/** Returns a MIME multipart with its Content-Type header, for use as a part of another multipart or as the whole mail. */
function multipart(type: string, boundary: string, ...parts: readonly string[]): string {
  const body = parts.map((part) => `--${boundary}\n${part}\n`).join('');
  return `Content-Type: ${type}; boundary="${boundary}"\n\n${body}--${boundary}--\n`;
}

/** Returns a mail that consists of one MIME part. The headers of this part become headers of the mail. */
function of(part: string, headers: Readonly<Record<string, string>> = {}): Buffer {
  const [head = '', ...rest] = part.split('\n\n');
  const own = Object.fromEntries(
    head
      .split(/\n(?![ \t])/)
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return mail({ ...headers, ...own }, rest.join('\n\n'));
}

const TEXT = 'Content-Type: text/plain; charset="utf-8"\n\nThe text.';
const HTML = 'Content-Type: text/html; charset="utf-8"\n\n<p>The text.</p>';
const PNG = 'Content-Type: image/png; name="image001.png"\nContent-Description: image001.png';
const PDF = `Content-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename="a.pdf"\nContent-Transfer-Encoding: base64\n\n${base64('%PDF-')}`;
const CALENDAR = (method: string) =>
  `Content-Type: text/calendar; charset="utf-8"; method=${method}\nContent-Transfer-Encoding: base64\n\n${base64(`BEGIN:VCALENDAR\r\nMETHOD:${method}\r\nEND:VCALENDAR\r\n`)}`;
const ORIGINAL = 'Content-Type: message/rfc822\n\nFrom: a@example.com\nSubject: The original\n\nIts text.';
const STATUS = (action: string) =>
  `Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; b@example.net\nAction: ${action}\nStatus: 5.1.1\n`;

const SANE = { flagsLack: ['truncated', 'unparsable', 'auto-reply', 'bounce'] } as const;

const CLIENTS: readonly Sibling[] = [
  {
    name: 'Outlook: a picture within the text, and a file',
    mail: of(
      multipart(
        'multipart/mixed',
        '_005_X',
        multipart(
          'multipart/related',
          '_004_X',
          multipart(
            'multipart/alternative',
            '_000_X',
            TEXT,
            'Content-Type: text/html; charset="utf-8"\n\n<img src="cid:image001.png@01DB.1">',
          ),
          `${PNG}\nContent-Disposition: inline; filename="image001.png"; size=3;\n\tcreation-date="Wed, 25 Nov 2026 11:00:00 GMT"\nContent-ID: <image001.png@01DB.1>\nContent-Transfer-Encoding: base64\n\neHl6`,
        ),
        PDF,
      ),
    ),
    expect: {
      ...SANE,
      text: 'The text.',
      html: '<img src="cid:image001.png@01DB.1">',
      attachments: [
        { filename: 'image001.png', inline: true, size: 3, contentId: 'image001.png@01DB.1' },
        { filename: 'a.pdf', inline: false, size: 5 },
      ],
    },
  },
  {
    name: 'Outlook: nothing but its own format',
    mail: of(
      `Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n${base64('x>"')}`,
    ),
    expect: { text: null, attachments: [{ filename: 'winmail.dat' }], flagsInclude: ['tnef'] },
  },
  {
    name: 'Outlook: its own format beside the text, under the newer name',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        TEXT,
        'Content-Type: application/vnd.ms-tnef\nContent-Disposition: attachment; filename="Winmail.dat"\n\nx',
      ),
    ),
    expect: { text: 'The text.', attachments: [{ filename: 'Winmail.dat' }], flagsInclude: ['tnef'] },
  },
  {
    name: 'Outlook: a meeting',
    mail: of(multipart('multipart/alternative', '_000_M', TEXT, HTML, CALENDAR('REQUEST')), {
      'Content-Class': 'urn:content-classes:calendarmessage',
    }),
    expect: { ...SANE, text: 'The text.', html: '<p>The text.</p>', attachments: [{ contentType: 'text/calendar' }] },
  },
  {
    name: 'Outlook Express: a file in uuencode within the text',
    mail: mail({}, 'Hello\n\nbegin 666 a b.txt\n#0V%T\n`\nend\n'),
    expect: { ...SANE, text: 'Hello', attachments: [{ filename: 'a b.txt', size: 3 }] },
  },
  {
    name: 'Apple Mail: a file in the middle of the text',
    mail: of(
      multipart(
        'multipart/alternative',
        'Apple-Mail=_A',
        'Content-Type: text/plain;\n\tcharset=us-ascii\n\nBefore.\n\nAfter.',
        multipart(
          'multipart/mixed',
          'Apple-Mail=_B',
          'Content-Type: text/html;\n\tcharset=us-ascii\n\n<p>Before.</p>',
          'Content-Disposition: inline;\n\tfilename*=utf-8\'\'R%C3%BCckblick.pdf\nContent-Type: application/pdf;\n\tx-unix-mode=0644;\n\tname="=?utf-8?Q?R=C3=BCckblick=2Epdf?="\n\nx',
          'Content-Type: text/html;\n\tcharset=us-ascii\n\n<p>After.</p>',
        ),
      ),
    ),
    expect: {
      ...SANE,
      text: 'Before.\n\nAfter.',
      htmlContains: ['<p>Before.</p>', '<p>After.</p>'],
      attachments: [{ filename: 'Rückblick.pdf', inline: true }],
    },
  },
  {
    name: 'Apple Mail: text, a picture, and text again',
    mail: of(
      multipart(
        'multipart/mixed',
        'Apple-Mail=_C',
        'Content-Type: text/plain; charset=us-ascii\n\nBefore.',
        'Content-Disposition: inline; filename=IMG_1.jpg\nContent-Type: image/jpeg; name="IMG_1.jpg"\n\nx',
        'Content-Type: text/plain; charset=us-ascii\n\nSent from my phone',
      ),
    ),
    expect: {
      ...SANE,
      textContains: ['Before.', 'Sent from my phone'],
      html: null,
      attachments: [{ filename: 'IMG_1.jpg', inline: true }],
    },
  },
  {
    name: 'Gmail: a forwarded mail as a file, in base64',
    mail: of(
      multipart(
        'multipart/mixed',
        '000000000000f',
        TEXT,
        `Content-Type: message/rfc822; name="The original.eml"\nContent-Disposition: attachment; filename="The original.eml"\nContent-Transfer-Encoding: base64\nX-Attachment-Id: f_1\nContent-ID: <f_1>\n\n${base64('Subject: x\r\n\r\ny')}`,
      ),
    ),
    expect: {
      ...SANE,
      attachments: [{ filename: 'The original.eml', contentType: 'message/rfc822', size: 15, inline: false }],
    },
  },
  {
    name: 'Gmail: AMP beside text and HTML',
    mail: of(
      multipart(
        'multipart/alternative',
        'b',
        TEXT,
        'Content-Type: text/x-amp-html; charset="utf-8"\n\n<html amp4email>',
        HTML,
      ),
    ),
    expect: { ...SANE, text: 'The text.', html: '<p>The text.</p>', attachments: [{ contentType: 'text/x-amp-html' }] },
  },
  {
    name: 'Notes: a boundary with blanks, and a related part within the alternative',
    mail: of(
      multipart(
        'multipart/mixed',
        '=_mixed 0057F2E8C12574B3_=',
        multipart(
          'multipart/alternative',
          '=_alternative 0057F2E9C12574B3_=',
          'Content-Type: text/plain; charset="US-ASCII"\n\nThe text.',
          multipart(
            'multipart/related',
            '=_related 0057F2E9C12574B3_=',
            'Content-Type: text/html; charset="US-ASCII"\n\n<img src=cid:_1_0A>',
            'Content-Type: image/gif\nContent-ID: <_1_0A>\n\nGIF',
          ),
        ),
        PDF,
      ),
    ),
    expect: {
      ...SANE,
      text: 'The text.',
      html: '<img src=cid:_1_0A>',
      attachments: [{ filename: null, inline: true }, { filename: 'a.pdf' }],
    },
  },
  {
    name: 'Eudora: enriched text between two others',
    mail: of(
      multipart('multipart/alternative', 'b', TEXT, 'Content-Type: text/enriched\n\n<bold>The text.</bold>', HTML),
    ),
    expect: { ...SANE, text: 'The text.', html: '<p>The text.</p>' },
  },
  {
    name: 'a Macintosh: two forks of a file',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        TEXT,
        multipart(
          'multipart/appledouble',
          'c',
          'Content-Type: application/applefile; name="a.jpg"\n\nx',
          'Content-Type: image/jpeg; name="a.jpg"\n\nyy',
        ),
      ),
    ),
    expect: {
      ...SANE,
      text: 'The text.',
      attachments: [
        { filename: 'a.jpg', contentType: 'application/applefile' },
        { filename: 'a.jpg', contentType: 'image/jpeg' },
      ],
    },
  },
];

const MACHINES: readonly Sibling[] = [
  {
    name: 'a scanner: a file and nothing else, by a clock that was never set',
    mail: of(
      `Content-Type: application/pdf; name="SCAN0001.PDF"\nContent-Transfer-Encoding: base64\n\n${base64('%PDF-')}`,
      {
        From: 'scanner',
        Date: 'Thu, 01 Jan 1970 00:00:00 +0000',
      },
    ),
    expect: {
      text: null,
      html: null,
      from: [{ address: 'scanner' }],
      date: '1970-01-01T00:00:00.000Z',
      attachments: [{ filename: 'SCAN0001.PDF', size: 5 }],
    },
  },
  {
    name: 'a fax: its name in an encoded word, without a disposition',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        'Content-Type: text/plain\n\n',
        'Content-Type: image/tiff; name="=?ISO-8859-1?Q?Fax_f=FCr_=2B4930.tif?="\nContent-Transfer-Encoding: base64\n\nSUkq',
      ),
    ),
    expect: { ...SANE, text: null, attachments: [{ filename: 'Fax für +4930.tif', inline: false }] },
  },
  {
    name: 'a voice message: a multipart of a type of its own',
    mail: of(
      multipart(
        'multipart/voice-message',
        'b',
        TEXT,
        'Content-Type: audio/wav; name="message.wav"\nContent-Disposition: inline; voice=Voice-Message; filename="message.wav"\n\nRIFF',
      ),
    ),
    expect: { ...SANE, text: 'The text.', attachments: [{ filename: 'message.wav', inline: true }] },
  },
  {
    name: 'a monitor: an empty body, and all in the subject',
    mail: mail({ Subject: 'disk full' }, ''),
    expect: { ...SANE, subject: 'disk full', text: null, html: null, attachments: [] },
  },
  {
    name: 'a program: the date as JavaScript writes it',
    mail: mail({ Date: 'Wed Nov 25 2026 12:59:00 GMT+0100 (Central European Standard Time)' }, 'x'),
    expect: { date: '2026-11-25T11:59:00.000Z' },
  },
  {
    name: 'a program: the date in the words of another language',
    mail: mail({ Date: 'mer., 25 nov. 2026 12:59:00 +0100' }, 'x'),
    expect: { date: '2026-11-25T11:59:00.000Z' },
  },
  {
    name: 'a DMARC report: a file and nothing else',
    mail: of(
      'Content-Type: application/zip; name="r.zip"\nContent-Disposition: attachment;\n filename="example.net!example.com!1!2.zip"\n\nPK',
    ),
    expect: { ...SANE, text: null, attachments: [{ filename: 'example.net!example.com!1!2.zip' }] },
  },
  {
    name: 'a piece of a mail that was cut in two',
    mail: of('Content-Type: message/partial; id="x@example.org"; number=1; total=2\n\nSubject: whole\n\nThe first'),
    expect: { flagsInclude: ['truncated'], attachments: [{ contentType: 'message/partial' }] },
  },
];

const REPORTS: readonly Sibling[] = [
  {
    name: 'Exchange: a mail that could not be delivered',
    mail: of(
      multipart(
        'multipart/report; report-type=delivery-status',
        'b',
        multipart('multipart/alternative; differences=Content-Type', 'c', TEXT, HTML),
        STATUS('failed'),
        ORIGINAL,
      ),
      { From: 'postmaster@example.net', 'Auto-Submitted': 'auto-replied' },
    ),
    expect: {
      text: 'The text.',
      html: '<p>The text.</p>',
      flagsInclude: ['bounce', 'auto-reply'],
      attachments: [{ contentType: 'message/delivery-status' }, { contentType: 'message/rfc822' }],
    },
  },
  {
    name: 'Postfix: a mail that is late, with headers only',
    mail: of(
      multipart(
        'multipart/report; report-type=delivery-status',
        'A/b=c.1/mx.example.net',
        'Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\nDelayed.',
        STATUS('delayed'),
        'Content-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\nSubject: x',
      ),
      { 'Auto-Submitted': 'auto-replied' },
    ),
    expect: {
      text: 'Delayed.',
      flagsInclude: ['bounce'],
      attachments: [{ contentType: 'message/delivery-status' }, { contentType: 'text/rfc822-headers' }],
    },
  },
  {
    name: 'Exim: a bounce in plain text',
    mail: mail(
      { 'X-Failed-Recipients': 'b@example.net', 'Auto-Submitted': 'auto-replied' },
      'A message that you sent …',
    ),
    expect: { flagsInclude: ['bounce', 'auto-reply'] },
  },
  {
    name: 'a report in the words of internationalised mail',
    mail: of(
      multipart(
        'multipart/report; report-type=global-delivery-status',
        'b',
        TEXT,
        'Content-Type: message/global-delivery-status\n\nFinal-Recipient: utf-8; b@example.net\nAction: failed',
      ),
    ),
    expect: { text: 'The text.', flagsInclude: ['bounce'] },
  },
  {
    name: 'a receipt for reading',
    mail: of(
      multipart(
        'multipart/report; report-type=disposition-notification',
        'b',
        TEXT,
        'Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed',
      ),
    ),
    expect: { text: 'The text.', flagsInclude: ['auto-reply'], flagsLack: ['bounce'] },
  },
  {
    name: 'a complaint',
    mail: of(
      multipart(
        'multipart/report; report-type=feedback-report',
        'b',
        TEXT,
        'Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1',
        ORIGINAL,
      ),
    ),
    expect: { text: 'The text.', flagsInclude: ['auto-reply'], flagsLack: ['bounce'] },
  },
  {
    name: 'a report on TLS',
    mail: of(
      multipart(
        'multipart/report; report-type="tlsrpt"',
        'b',
        TEXT,
        'Content-Type: application/tlsrpt+gzip; name="r.json.gz"\nContent-Disposition: attachment\n\nx',
      ),
    ),
    expect: { text: 'The text.', flagsInclude: ['auto-reply'], attachments: [{ filename: 'r.json.gz' }] },
  },
  {
    name: 'Exchange: an absence notice',
    mail: mail(
      {
        Subject: '=?utf-8?B?QXV0b21hdGlzY2hlIEFudHdvcnQ6IFLDvGNrZnJhZ2U=?=',
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
      },
      'Away.',
    ),
    expect: { subject: 'Automatische Antwort: Rückfrage', flagsInclude: ['auto-reply'], flagsLack: ['bounce'] },
  },
];

const LISTS: readonly Sibling[] = [
  {
    name: 'Mailman: a footer as a part of its own',
    mail: of(
      multipart(
        'multipart/mixed',
        '===============1==',
        TEXT,
        'Content-Type: text/plain; charset="us-ascii"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nContent-Disposition: inline\n\n_______\nThe list',
      ),
      { 'List-Id': 'A list <list.example.org>', Precedence: 'list' },
    ),
    expect: {
      textContains: ['The text.', 'The list'],
      attachments: [],
      flagsInclude: ['list'],
      flagsLack: ['auto-reply'],
    },
  },
  {
    name: 'Mailman: a digest between its contents and a footer',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        'Content-Type: text/plain\nContent-Description: Masthead\n\nContents',
        multipart(
          'multipart/digest',
          'c',
          '\nSubject: one\n\nfirst',
          'Content-Type: message/rfc822\n\nSubject: two\n\nsecond',
        ),
        'Content-Type: text/plain\nContent-Description: Digest Footer\n\nFooter',
      ),
    ),
    expect: {
      textContains: ['Contents', 'Footer'],
      textLacks: ['first', 'second'],
      attachments: [{ contentType: 'message/rfc822' }, { contentType: 'message/rfc822' }],
    },
  },
  {
    name: 'a newsletter: quoted-printable that cuts characters',
    mail: mail(
      {
        'List-Unsubscribe': '<https://example.org/u>',
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Transfer-Encoding': 'quoted-printable',
        Precedence: 'bulk',
      },
      '<p style=3D"a">Gr=C3=\n=B6=C3=9Fe =E2=82=\n=AC</p>\n',
    ),
    expect: { html: '<p style="a">Größe €</p>', flagsInclude: ['list', 'auto-reply'] },
  },
];

const SIGNED: readonly Sibling[] = [
  {
    name: 'PGP: a signature beside the text',
    mail: of(
      multipart(
        'multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"',
        'b',
        multipart('multipart/mixed; protected-headers="v1"', 'c', TEXT, PDF),
        'Content-Type: application/pgp-signature; name="OpenPGP_signature.asc"\nContent-Disposition: attachment; filename="OpenPGP_signature"\n\n-----BEGIN PGP SIGNATURE-----',
      ),
    ),
    expect: { ...SANE, text: 'The text.', attachments: [{ filename: 'a.pdf' }, { filename: 'OpenPGP_signature' }] },
  },
  {
    name: 'PGP: encrypted',
    mail: of(
      multipart(
        'multipart/encrypted; protocol="application/pgp-encrypted"',
        'b',
        'Content-Type: application/pgp-encrypted\n\nVersion: 1',
        'Content-Type: application/octet-stream; name="encrypted.asc"\nContent-Disposition: inline; filename="encrypted.asc"\n\n-----BEGIN PGP MESSAGE-----',
      ),
    ),
    expect: {
      ...SANE,
      text: null,
      attachments: [{ contentType: 'application/pgp-encrypted' }, { filename: 'encrypted.asc' }],
    },
  },
  {
    name: 'PGP: within the text, with dashes that are no delimiters',
    mail: mail({}, '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- --b\n-----BEGIN PGP SIGNATURE-----\n'),
    expect: { ...SANE, textContains: ['-----BEGIN PGP SIGNED MESSAGE-----', '- --b'] },
  },
  {
    name: 'S/MIME: a signature beside the text',
    mail: of(
      multipart(
        'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256',
        'b',
        multipart('multipart/alternative', 'c', TEXT, HTML),
        'Content-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Disposition: attachment; filename="smime.p7s"\nContent-Transfer-Encoding: base64\n\nMIAG',
      ),
    ),
    expect: { ...SANE, text: 'The text.', html: '<p>The text.</p>', attachments: [{ filename: 'smime.p7s', size: 3 }] },
  },
  {
    name: 'S/MIME: all within one file',
    mail: of(
      'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Disposition: attachment; filename="smime.p7m"\nContent-Transfer-Encoding: base64\n\nMIAG',
    ),
    expect: { ...SANE, text: null, attachments: [{ filename: 'smime.p7m', contentType: 'application/pkcs7-mime' }] },
  },
];

const CALENDARS: readonly Sibling[] = [
  {
    name: 'Google: an invitation as part and as file',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        multipart('multipart/alternative', 'c', TEXT, HTML, CALENDAR('REQUEST')),
        'Content-Type: application/ics; name="invite.ics"\nContent-Disposition: attachment; filename="invite.ics"\n\nBEGIN:VCALENDAR',
      ),
    ),
    expect: {
      ...SANE,
      text: 'The text.',
      attachments: [{ contentType: 'text/calendar' }, { filename: 'invite.ics', contentType: 'application/ics' }],
    },
  },
  {
    name: 'a cancellation and nothing else',
    mail: of(CALENDAR('CANCEL')),
    expect: { ...SANE, text: null, attachments: [{ contentType: 'text/calendar' }] },
  },
];

const word = (charset: string, text: string) => `=?${charset}?B?${base64(inCharset(text, charset))}?=`;
const spoken = (name: string, charset: string, text: string, more: Readonly<Record<string, string>> = {}): Sibling => ({
  name: `${name}: text, subject, name and file in ${charset}`,
  mail: of(
    multipart(
      'multipart/mixed',
      'b',
      `Content-Type: text/plain; charset="${charset}"\nContent-Transfer-Encoding: base64\n\n${base64(inCharset(`${text}\r\n`, charset))}`,
      `Content-Type: application/pdf;\n name="${word(charset, text)}.pdf"\nContent-Disposition: attachment;\n filename="${word(charset, `${text}.pdf`)}"\n\nx`,
    ),
    { Subject: word(charset, text), From: `"${word(charset, text)}" <a@example.cn>`, ...more },
  ),
  expect: {
    ...SANE,
    text,
    subject: text,
    from: [{ name: text, address: 'a@example.cn' }],
    attachments: [{ filename: `${text}.pdf` }],
  },
});

const LANGUAGES: readonly Sibling[] = [
  spoken('a Chinese sender', 'gb2312', '订单已确认'),
  spoken('a Chinese sender', 'gb18030', '订单㐀确认'),
  spoken('a sender on Taiwan', 'big5', '訂單確認'),
  spoken('a Japanese sender', 'shift_jis', 'ご注文の確認'),
  spoken('a Japanese sender', 'euc-jp', 'ご注文の確認'),
  spoken('a Korean sender', 'euc-kr', '주문 확인'),
  spoken('a Russian sender', 'koi8-r', 'Заказ подтверждён'),
  spoken('a Russian sender', 'windows-1251', 'Заказ подтверждён'),
  spoken('a Greek sender', 'iso-8859-7', 'Παραγγελία'),
  spoken('a Polish sender', 'iso-8859-2', 'Zamówienie łódź'),
  spoken('a Turkish sender', 'windows-1254', 'Sipariş değişti'),
  spoken('a Hebrew sender', 'windows-1255', 'הזמנה'),
  spoken('an Arabic sender', 'windows-1256', 'تأكيد الطلب'),
  spoken('a Thai sender', 'windows-874', 'ยืนยัน'),
  {
    name: 'a Japanese sender: ISO-2022-JP, its file name cut in pieces',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        'Content-Type: text/plain; charset="iso-2022-jp"\n\n\x1b$B$4CmJ8\x1b(B',
        "Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=iso-2022-jp''%1B%24B%244C;\n filename*1*=mJ8%1B%28B.pdf\n\nx",
      ),
      { Subject: '=?iso-2022-jp?B?GyRCJDQbKEI=?=\n =?iso-2022-jp?B?GyRCQ21KOBsoQg==?=' },
    ),
    expect: { ...SANE, text: 'ご注文', subject: 'ご注文', attachments: [{ filename: 'ご注文.pdf' }] },
  },
  {
    name: 'a Japanese sender: signs of Windows under the name of Shift_JIS',
    mail: mail({ 'Content-Type': 'text/plain; charset=Shift_JIS' }, `${bytes('①㈱髙', 'cp932')}\n`),
    expect: { ...SANE, text: '①㈱髙' },
    ways: AS_BYTES,
  },
  {
    name: 'a Korean sender: the name that Windows gives to EUC-KR, with letters of its own',
    mail: mail({ 'Content-Type': 'text/plain; charset="ks_c_5601-1987"' }, `${bytes('똠방각하', 'cp949')}\n`),
    expect: { ...SANE, text: '똠방각하' },
    ways: AS_BYTES,
  },
  {
    name: 'a Chinese sender: a character cut between two words',
    mail: mail({ Subject: '=?gb2312?B?trY=?= =?gb2312?B?tg==?= =?gb2312?B?pQ==?=' }, 'x'),
    expect: {
      subject: `${iconv.decode(Buffer.from('trY=', 'base64'), 'gb2312')}订`.replace(
        '订',
        iconv.decode(Buffer.from([0xb6, 0xa5]), 'gb2312'),
      ),
    },
  },
  {
    name: 'internationalised mail: headers in UTF-8',
    mail: mail(
      {
        From: bytes('Jürgen Müller <jürgen@exämple.org>'),
        Subject: bytes('Größe 📬'),
        'Content-Type': 'text/plain; charset=utf-8',
      },
      bytes('Grüße\n'),
    ),
    expect: {
      ...SANE,
      text: 'Grüße',
      subject: 'Größe 📬',
      from: [{ name: 'Jürgen Müller', address: 'jürgen@exämple.org' }],
    },
    ways: ['mailgun-mime', 'mailgun-stored', 'postmark-raw', 'ses'],
  },
];

const ODDITIES: readonly Sibling[] = [
  {
    name: 'a byte order mark in front of the mail',
    mail: Buffer.concat([Buffer.from('\ufeff'), mail({}, 'The text.\n')]),
    expect: { ...SANE, text: 'The text.', subject: 'A subject' },
  },
  {
    name: 'a subject folded by tabs and blanks',
    mail: mail({ Subject: 'one\n\ttwo\n    three' }, 'x'),
    expect: { subject: 'one two three' },
  },
  {
    name: 'HTML in UTF-16, in base64',
    mail: mail(
      { 'Content-Type': 'text/html; charset="utf-16le"', 'Content-Transfer-Encoding': 'base64' },
      `${base64(inCharset('<p>Größe</p>', 'utf-16le'))}\n`,
    ),
    expect: { ...SANE, html: '<p>Größe</p>' },
  },
  {
    name: 'several authors, their sender, and several addresses for answers',
    mail: mail({ From: 'A <a@x.org>, B <b@x.org>', Sender: 'c@x.org', 'Reply-To': 'a@x.org, "B, b" <b@x.org>' }, 'x'),
    expect: {
      from: [
        { name: 'A', address: 'a@x.org' },
        { name: 'B', address: 'b@x.org' },
      ],
      replyTo: [{ address: 'a@x.org' }, { name: 'B, b', address: 'b@x.org' }],
    },
  },
  {
    name: 'a group whose name is encoded',
    mail: mail({ Cc: '=?utf-8?Q?T=C3=A9am?=: a@x.org, B <b@x.org>;' }, 'x'),
    expect: { cc: [{ address: 'a@x.org' }, { name: 'B', address: 'b@x.org' }] },
  },
  {
    name: 'an id that was folded within its brackets',
    mail: mail({ 'Message-ID': '\n <long.id\n @example.org>', References: '<a@x>\n\t<b\n @x>' }, 'x'),
    expect: { messageId: '<long.id@example.org>', references: ['<a@x>', '<b@x>'] },
  },
  {
    name: 'a journal: the envelope as text, and the mail as a file',
    mail: of(multipart('multipart/mixed', 'b', 'Content-Type: text/plain\n\nSender: a@x.org', ORIGINAL)),
    expect: { ...SANE, text: 'Sender: a@x.org', attachments: [{ contentType: 'message/rfc822', filename: null }] },
  },
  {
    name: 'a page as a file behind the text',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        TEXT,
        'Content-Type: text/html; name="report.html"\nContent-Disposition: inline; filename="report.html"\n\n<p>Report</p>',
      ),
    ),
    expect: { ...SANE, text: 'The text.', html: null, attachments: [{ filename: 'report.html', inline: true }] },
  },
  {
    name: 'a file name with a percent sign that encodes nothing',
    mail: of(
      multipart(
        'multipart/mixed',
        'b',
        TEXT,
        "Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''100%25%20%zz.pdf\n\nx",
      ),
    ),
    expect: { ...SANE, attachments: [{ filename: '100% %zz.pdf' }] },
  },
];

export const REAL_MAIL: readonly Sibling[] = [
  ...CLIENTS,
  ...MACHINES,
  ...REPORTS,
  ...LISTS,
  ...SIGNED,
  ...CALENDARS,
  ...LANGUAGES,
  ...ODDITIES,
];
