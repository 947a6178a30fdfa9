import { expect, test } from 'vitest';
import { sha256 } from '../../support/sha256.ts';
import { type FormEntry, givenWorld, mailgunMail, mailgunRequest, postmarkMail, postmarkRequest } from './world.ts';

const MIME = [
  'Received: from a by b; Wed, 25 Nov 2026 11:59:58 +0000',
  'From: Ada <ada@example.org>',
  'To: Box <box+abc@in.example.com>',
  'Subject: =?utf-8?q?H=C3=A9llo?=',
  'Date: Wed, 25 Nov 2026 12:59:00 +0100',
  'Message-ID: <One@example.com>',
  'In-Reply-To: <zero@example.com>',
  'References: <a@example.com>',
  '  <zero@example.com>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: 8bit',
  '',
  'na\xefve',
  '--c',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>naive</p>',
  '--c--',
  '--b',
  'Content-Type: application/pdf; name="a.pdf"',
  'Content-Disposition: attachment; filename="../../a.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('%PDF').toString('base64'),
  '--b--',
  '',
].join('\r\n');
const BYTES = Buffer.from(MIME, 'latin1');

type Header = [name: string, value: string];
const DATED: Header[] = [['Date', 'Wed, 25 Nov 2026 12:59:00 +0100']];
const UNSET_CLOCK: Header[] = [['Date', 'Thu, 01 Jan 1970 00:00:42 +0000']];
const UNDATED: Header[] = [['X-Mailer', 'scanner']];

/** Returns the form fields of a mail without Message-ID; devices send such mail. */
function bareMailgun(fields: Readonly<Record<string, string>>, headers: Header[] = DATED): FormEntry[] {
  const own: Header[] = [
    ['From', 'Ada <ada@example.org>'],
    ['To', 'Box <box+abc@in.example.com>'],
    ['Subject', 'Hello'],
  ];
  return mailgunMail({ ...fields, 'message-headers': JSON.stringify([...own, ...headers]) });
}

test('a form of Mailgun becomes one message with its envelope, headers and text', async () => {
  const world = givenWorld();
  const answer = await world.receive(mailgunRequest(mailgunMail({ 'stripped-text': 'A text.' })));

  expect(answer.status).toBe(200);
  expect(world.messages()).toEqual([
    {
      version: 1,
      id: expect.stringMatching(/^[\w-]{43}$/),
      provider: 'mailgun',
      receivedAt: '2026-11-25T12:00:00.000Z',
      envelope: { from: 'ada@example.org', to: ['box+abc@in.example.com'] },
      messageId: '<one@example.com>',
      date: '2026-11-25T11:59:00.000Z',
      subject: 'Hello',
      from: [{ name: 'Ada', address: 'ada@example.org' }],
      to: [{ name: 'Box', address: 'box+abc@in.example.com' }],
      headers: expect.arrayContaining([['Subject', 'Hello']]),
      text: 'A text.\r\n',
      strippedText: 'A text.',
      plusPart: 'abc',
      raw: { s3: { bucket: 'mail', key: expect.stringMatching(/^inbound\/raw\/mailgun\//) }, form: 'request' },
    },
  ]);
});

test.each([true, false])('raw MIME of Mailgun keeps every byte, multipart: %s', async (multipart) => {
  const world = givenWorld();
  const fields = [
    ['recipient', 'box+abc@in.example.com'],
    ['sender', 'ada@example.org'],
    ['body-mime', BYTES],
  ] as const;
  await world.receive(mailgunRequest(fields, { multipart }));

  const [message] = world.messages();
  expect(world.objects.get(message?.raw.s3.key ?? '')?.content.equals(BYTES)).toBe(true);
  expect(message).toMatchObject({
    subject: 'Héllo',
    text: expect.stringMatching(/^naïve\s*$/),
    html: expect.stringContaining('<p>naive</p>'),
    inReplyTo: '<zero@example.com>',
    references: ['<a@example.com>', '<zero@example.com>'],
    attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', size: 4, sha256: sha256('%PDF') }],
    raw: { form: 'mime' },
  });
});

test('attachments of a Mailgun form are kept by hash, those that the HTML refers to as inline', async () => {
  const world = givenWorld();
  await world.receive(
    mailgunRequest([
      ...mailgunMail({
        'attachment-count': '2',
        'body-html': '<img src="cid:logo">',
        'content-id-map': JSON.stringify({ '<logo>': 'attachment-2' }),
      }),
      ['attachment-1', '', 'C:\\evil\\empty.txt', 'text/plain'],
      ['attachment-2', Buffer.from([0, 255, 1]), 'logo.png', 'image/png'],
    ]),
  );

  const [message] = world.messages();
  expect(message?.attachments).toEqual([
    expect.objectContaining({ filename: 'empty.txt', size: 0, sha256: sha256('') }),
    expect.objectContaining({ filename: 'logo.png', contentId: 'logo', inline: true, size: 3 }),
  ]);
  for (const { s3, sha256: hash } of message?.attachments ?? [])
    expect(sha256(world.objects.get(s3.key)?.content ?? 'none')).toBe(hash);
  expect(message?.flags).toEqual(['empty-attachment']);
});

test('Postmark gives the same message, with and without the raw mail', async () => {
  const world = givenWorld();
  const json = await world.receive(
    postmarkRequest(
      postmarkMail({
        Headers: [
          { Name: 'Message-ID', Value: '<two@example.com>' },
          { Name: 'Received-SPF', Value: 'Pass (sender SPF authorized) envelope-from=ada@example.org; receiver=x' },
        ],
      }),
    ),
  );
  const raw = await world.receive(postmarkRequest(postmarkMail({ RawEmail: MIME.replace('\xef', 'i') })));

  expect([json.status, raw.status]).toEqual([200, 200]);
  const [first, second] = world.messages();
  expect(first).toMatchObject({
    envelope: { from: 'ada@example.org', to: ['box+abc@in.example.com'] },
    from: [{ name: 'Ada', address: 'ada@example.org' }],
    providerMessageId: '73e6d360-66eb-11e1-8e72-a8904824019b',
    text: 'A text.\r\n',
    plusPart: 'abc',
    authentication: { spf: 'pass' },
    raw: { form: 'request' },
  });
  expect(second).toMatchObject({ subject: 'Héllo', raw: { form: 'mime' }, attachments: [{ filename: 'a.pdf' }] });
});

test('raw mail of Postmark beyond ASCII gives headers and the raw form, the JSON gives texts and files', async () => {
  const world = givenWorld();
  // GIVEN an 8-bit mail in iso-8859-1, which JSON can contain only as characters. If these characters were read as bytes again,
  // the text would be `naÃ¯ve`.
  const RawEmail = MIME.replace('Message-ID: <One@', 'X-Way: raw\r\nMessage-ID: <One@');
  const Attachments = [
    { Name: 'a.pdf', Content: Buffer.from('%PDF').toString('base64'), ContentType: 'application/pdf' },
  ];
  await world.receive(postmarkRequest(postmarkMail({ RawEmail, TextBody: 'naïve', Subject: 'Héllo', Attachments })));

  const [message] = world.messages();
  expect(message).toMatchObject({
    subject: 'Héllo',
    text: 'naïve',
    headers: expect.arrayContaining([['X-Way', 'raw']]),
    attachments: [{ filename: 'a.pdf', sha256: sha256('%PDF') }],
    raw: { form: 'mime' },
  });
  expect(message?.flags).toBeUndefined();
  expect(world.objects.get(message?.raw.s3.key ?? '')?.content.toString()).toBe(RawEmail);
});

test('encoded words are decoded in every form, and never turn a part of a name into a mailbox', async () => {
  const world = givenWorld();
  const from = '=?utf-8?Q?boss=40bank.example=2C_D=C3?= =?utf-8?Q?=B6?= <doe@example.org>';
  const subject = '=?utf-8?Q?H=C3=A9llo?=';
  const headers = (id: string): Header[] => [
    ['From', from],
    ['Subject', subject],
    ['X-Note', subject],
    ['Message-ID', id],
  ];
  const mime = `${headers('<1@x>')
    .map((header) => header.join(': '))
    .join('\r\n')}\r\n\r\nx`;
  const fields = [
    ['recipient', 'box@in.example.com'],
    ['body-mime', mime],
  ] as const;
  await world.receive(mailgunRequest(fields));
  await world.receive(
    mailgunRequest(mailgunMail({ subject: 'Héllo', 'message-headers': JSON.stringify(headers('<2@x>')) })),
  );
  const Headers = headers('<3@x>').map(([Name, Value]) => ({ Name, Value }));
  await world.receive(postmarkRequest(postmarkMail({ Headers, FromFull: null, Subject: '' })));

  expect(world.messages()).toHaveLength(3);
  for (const message of world.messages()) {
    expect(message).toMatchObject({
      subject: 'Héllo',
      from: [{ name: 'boss@bank.example, Dö', address: 'doe@example.org' }],
    });
    expect(message.headers).toContainEqual(['X-Note', 'Héllo']);
  }
});

test('headers that are no text in JSON become text, or are left out', async () => {
  const world = givenWorld();
  const odd: [string, unknown][] = [
    ['X-Number', 5],
    ['X-Object', { a: 1 }],
    ['X-List', ['a']],
    ['X-Null', null],
  ];
  const headers = JSON.stringify([['Message-Id', '<1@x>'], ...odd]);
  await world.receive(mailgunRequest(mailgunMail({ 'message-headers': headers })));
  const Headers = [['Message-ID', '<2@x>'], ...odd].map(([Name, Value]) => ({ Name, Value }));
  await world.receive(postmarkRequest(postmarkMail({ Headers })));

  for (const { headers } of world.messages())
    expect(headers.slice(1)).toEqual([
      ['X-Number', '5'],
      ['X-Null', ''],
    ]);
});

test('one mail has one id in all forms', async () => {
  const worlds = [givenWorld(), givenWorld(), givenWorld(), givenWorld()];
  const fields = [
    ['recipient', 'BOX+abc@in.example.com'],
    ['sender', ''],
    ['body-mime', BYTES],
  ] as const;
  await worlds[0]?.receive(mailgunRequest(mailgunMail({ subject: 'Héllo' })));
  await worlds[1]?.receive(mailgunRequest(fields));
  await worlds[2]?.receive(postmarkRequest(postmarkMail({ Subject: 'Héllo' })));
  await worlds[3]?.receive(postmarkRequest(postmarkMail({ RawEmail: MIME, Subject: 'Héllo' })));

  const ids = worlds.map((world) => world.messages()[0]?.id);
  expect(new Set(ids).size).toBe(1);
});

test('without a Message-ID the content is the identity, for both providers', async () => {
  const world = givenWorld();
  await world.receive(mailgunRequest(bareMailgun({})));
  await world.receive(postmarkRequest(postmarkMail({ Headers: [] })));
  await world.receive(postmarkRequest(postmarkMail({ Headers: [], TextBody: 'Another text.' })));

  expect(world.messages().map(({ text }) => text)).toEqual(['A text.\r\n', 'Another text.']);
});

test('without a Message-ID, mail in HTML alone is one mail for both providers', async () => {
  const world = givenWorld();
  const html = '<p>Hello</p>\r\n';
  const overMailgun = bareMailgun({ 'body-plain': 'Hello', 'body-html': html });
  await world.receive(mailgunRequest(overMailgun));
  await world.receive(postmarkRequest(postmarkMail({ Headers: [], TextBody: '', HtmlBody: html.trim() })));

  expect(world.messages()).toHaveLength(1);
});

test.each([DATED, UNSET_CLOCK, UNDATED])(
  'without a Message-ID, files distinguish mails, headers %j',
  async (...headers) => {
    const world = givenWorld();
    const scan = (content: string) => [
      ...bareMailgun({}, headers),
      ['attachment-1', content, 'scan.pdf', 'application/pdf'] as const,
    ];
    const first = mailgunRequest(scan('one'));
    for (const request of [first, mailgunRequest(scan('two')), first])
      expect((await world.receive(request)).status).toBe(200);

    expect(world.messages().map(({ attachments }) => attachments?.[0]?.sha256)).toEqual([sha256('one'), sha256('two')]);
  },
);

test.each([UNSET_CLOCK, UNDATED])(
  'with neither Message-ID nor a date, a retry is distinguished from a second mail, headers %j',
  async (...headers) => {
    const world = givenWorld();
    const received = (id: string): Header => ['Received', `from ups by mxa.mailgun.org with ESMTP id ${id}`];
    const overMailgun = (id: string) => mailgunRequest(bareMailgun({}, [received(id), ...headers]));
    const overPostmark = (MessageID: string) =>
      postmarkRequest(
        postmarkMail({ Headers: headers.map(([Name, Value]) => ({ Name, Value })), Date: '', MessageID }),
      );

    for (const id of ['a', 'b', 'a']) {
      await world.receive(overMailgun(id));
      await world.receive(overPostmark(id));
    }

    expect(world.messages().map(({ provider }) => provider)).toEqual(['mailgun', 'postmark', 'mailgun', 'postmark']);
  },
);

test.each([
  ['MAILER-DAEMON@example.org', ['auto-reply']],
  ['no-reply@example.org', ['auto-reply']],
  ['noreply+4711@example.org', ['auto-reply']],
  ['donotreply@example.org', ['auto-reply']],
  ['owner-list@example.org', ['auto-reply']],
  ['list-request@example.org', ['auto-reply']],
  ['ada.noreply@example.org', undefined],
  ['ada@noreply.example.org', undefined],
])('mail of %s is flagged with %j', async (sender, flags) => {
  const world = givenWorld();
  await world.receive(mailgunRequest(mailgunMail({ sender })));
  expect(world.messages()[0]?.flags).toEqual(flags);
});

test('without a Message-ID, a second mail is no copy of an incomplete one', async () => {
  const world = givenWorld();
  const received = (id: string): Header => ['Received', `from scanner by mxa.mailgun.org with ESMTP id ${id}`];
  const files = Array.from({ length: 201 }, (_, place) => [`attachment-${place + 1}`, 'x', 'a.pdf'] as const);
  const mail = (id: string) => mailgunRequest([...bareMailgun({}, [received(id), ...DATED]), ...files]);
  for (const id of ['a', 'b', 'a']) await world.receive(mail(id));

  expect(world.messages().map(({ flags }) => flags)).toEqual([['truncated'], ['truncated']]);
});

test('a bounce, an auto-reply, a list and a loop are flagged', async () => {
  const world = givenWorld();
  await world.receive(
    mailgunRequest(
      mailgunMail({ sender: '' }, [
        ['Auto-Submitted', 'auto-replied'],
        ['List-Id', '<list.example.com>'],
        ['X-Mailover-Id', 'order-1'],
      ]),
    ),
  );
  const [message] = world.messages();
  expect(message?.envelope.from).toBeNull();
  expect(message?.flags).toEqual(['auto-reply', 'bounce', 'list', 'loop']);
});

test('messages on the queue are ASCII, and decode to the characters of the mail', async () => {
  const world = givenWorld();
  const subject = 'Grüße \u{1F600} \ud800 \0 end';
  const headers = JSON.stringify([
    ['Message-Id', '<x@example.com>'],
    ['Subject', subject],
  ]);
  await world.receive(mailgunRequest(mailgunMail({ subject, 'message-headers': headers })));

  expect(world.queue[0]).toMatch(/^[ -~]+$/);
  expect(world.messages()[0]?.subject).toBe('Grüße \u{1F600} \ufffd \ufffd end');
});

test('a message above the limit of the queue is in the bucket, with a pointer to it on the queue', async () => {
  const world = givenWorld();
  await world.receive(mailgunRequest(mailgunMail({ 'body-plain': 'ä'.repeat(400_000) })));

  const pointer = JSON.parse(world.queue[0] ?? '');
  expect(pointer).toEqual({
    version: 1,
    id: expect.any(String),
    s3: { bucket: 'mail', key: `inbound/messages/${pointer.id}.json` },
  });
  const { content } = world.objects.get(pointer.s3.key) ?? {};
  expect(JSON.parse(content?.toString() ?? '')).toMatchObject({ id: pointer.id, text: 'ä'.repeat(400_000) });
  // The JSON contains the characters in UTF-8, not as escape sequences of six bytes each.
  expect(content?.length).toBeLessThan(1_000_000);
});

test('several envelope recipients get one copy each, with different ids', async () => {
  const world = givenWorld();
  await world.receive(mailgunRequest(mailgunMail({ recipient: 'a@in.example.com, b@in.example.com' })));
  await world.receive(mailgunRequest(mailgunMail({ recipient: 'b@in.example.com' })));

  expect(world.messages().map(({ envelope }) => envelope.to)).toEqual([['a@in.example.com'], ['b@in.example.com']]);
});

test('a header with the name of a field of Mailgun changes nothing', async () => {
  const world = givenWorld();
  const evil: [string, string][] = [
    ['recipient', 'victim@in.example.com'],
    ['message-url', 'https://evil.mailgun.net/x'],
    ['body-plain', 'forged'],
    ['timestamp', '1'],
    ['message-headers', '[["From","forged@example.com"]]'],
  ];
  // GIVEN that Mailgun posts every header of the mail as a field, before Mailgun's own fields.
  await world.receive(mailgunRequest([...evil, ...mailgunMail({}, evil)]));

  expect(world.messages()).toMatchObject([
    { envelope: { to: ['box+abc@in.example.com'] }, text: 'A text.\r\n', from: [{ address: 'ada@example.org' }] },
  ]);
});
