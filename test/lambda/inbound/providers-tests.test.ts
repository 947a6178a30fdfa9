import { expect, test } from 'vitest';
import { sha256 } from '../../support/sha256.ts';
import { givenWorld, mailgunRequest, postmarkRequest } from './world.ts';

// The requests that a provider sends when a user sets up a webhook, and the requests in the provider's documentation. Usually
// these requests are the first to arrive. Field names and values differ slightly from real mail.

/**
 * The request that Postmark sends when a user presses the "check" button of an inbound webhook (django-anymail,
 * webhooks/postmark.py, read 2026-11-28).
 */
const CHECK = {
  FromName: 'Support',
  From: 'support@example.com',
  FromFull: { Email: 'support@example.com', Name: 'Support', MailboxHash: '' },
  To: '"Firstname Lastname" <hash+SampleHash@inbound.example.com>',
  ToFull: [{ Email: 'hash+SampleHash@inbound.example.com', Name: 'Firstname Lastname', MailboxHash: 'SampleHash' }],
  Cc: '"First Cc" <firstcc@example.com>, secondCc@example.com>',
  CcFull: [
    { Email: 'firstcc@example.com', Name: 'First Cc', MailboxHash: '' },
    { Email: 'secondCc@example.com', Name: '', MailboxHash: '' },
  ],
  OriginalRecipient: 'hash+SampleHash@inbound.example.com',
  Subject: 'Test subject',
  MessageID: '00000000-0000-0000-0000-000000000000',
  ReplyTo: 'replyto@example.com',
  MailboxHash: 'SampleHash',
  Date: 'Fri, 1 Aug 2014 16:45:32 -04:00',
  TextBody: 'A test body.',
  HtmlBody: '<p>A test body.</p>',
  StrippedTextReply: 'The reply',
  Tag: 'TestTag',
  Headers: [{ Name: 'X-Header-Test', Value: '' }],
  Attachments: [{ Name: 'test.txt', ContentType: 'text/plain', Data: 'aGVsbG8=', ContentLength: 5 }],
};

test.each([
  ['as the button sends it', CHECK],
  ['with the file as in real mail', { ...CHECK, Attachments: [{ ...CHECK.Attachments[0], Content: 'aGVsbG8=' }] }],
  ['without lists', { ...CHECK, ToFull: [], CcFull: [], FromFull: null, OriginalRecipient: '' }],
])('the check of Postmark, %s, is a mail with its file', async (_, payload) => {
  const world = givenWorld();

  expect((await world.receive(postmarkRequest(payload))).status).toBe(200);

  const [message] = world.messages();
  expect(message).toMatchObject({
    envelope: { to: ['hash+SampleHash@inbound.example.com'] },
    from: [{ name: 'Support', address: 'support@example.com' }],
    to: [{ name: 'Firstname Lastname', address: 'hash+SampleHash@inbound.example.com' }],
    cc: [
      { name: 'First Cc', address: 'firstcc@example.com' },
      { address: expect.stringMatching(/^secondCc@example\.com/) },
    ],
    replyTo: [{ address: 'replyto@example.com' }],
    date: '2014-08-01T20:45:32.000Z',
    attachments: [{ filename: 'test.txt', size: 5, sha256: sha256('hello') }],
  });
  expect(message?.flags).toBeUndefined();
});

test('the sample of a Mailgun route, whose list of headers may be empty, is a mail with its files', async () => {
  const world = givenWorld();
  const fields = [
    ['recipient', 'monica@in.example.com'],
    ['sender', 'bob@example.org'],
    ['from', 'Bob <bob@example.org>'],
    ['subject', 'Re: Sample POST request'],
    ['Received', 'by mx.example.net; Fri, 26 Apr 2013 18:50:29 +0000'],
    ['Message-Id', '<sample@example.org>'],
    ['Date', 'Fri, 26 Apr 2013 11:50:29 -0700'],
    ['From', 'Bob <bob@example.org>'],
    ['To', 'Monica <monica@in.example.com>'],
    ['In-Reply-To', '<parent@in.example.com>'],
    ['Precedence', 'bulk'],
    ['body-plain', 'A sample.'],
    ['attachment-count', '2'],
    ['content-id-map', '{"<part1>": "attachment-2"}'],
    ['message-headers', '[]'],
    ['attachment-1', 'a', 'crabby.gif', 'image/gif'],
    ['attachment-2', 'bb', 'attached.txt', 'text/plain; charset=UTF-8'],
  ] as const;

  expect((await world.receive(mailgunRequest(fields))).status).toBe(200);

  expect(world.messages()).toMatchObject([
    {
      messageId: '<sample@example.org>',
      inReplyTo: '<parent@in.example.com>',
      date: '2013-04-26T18:50:29.000Z',
      from: [{ name: 'Bob', address: 'bob@example.org' }],
      to: [{ name: 'Monica', address: 'monica@in.example.com' }],
      attachments: [
        { filename: 'crabby.gif', size: 1 },
        { filename: 'attached.txt', size: 2, contentType: 'text/plain', charset: 'utf-8', contentId: 'part1' },
      ],
      flags: ['auto-reply'],
    },
  ]);
});

test.each([
  [
    'a file without content is flagged',
    [{ Name: 'a.pdf', ContentType: 'application/pdf', Content: '' }],
    ['empty-attachment'],
  ],
  [
    'a file whose content is missing is flagged as cut',
    [{ Name: 'a.pdf', ContentType: 'application/pdf', Content: '', ContentLength: 9 }],
    ['empty-attachment', 'truncated'],
  ],
  [
    'a file with words in place of its content, as in documentation, is flagged as cut',
    [{ Name: 'a.png', ContentType: 'image/png', Content: '[BASE64-ENCODED CONTENT]', ContentLength: 4096 }],
    ['truncated'],
  ],
  [
    'winmail.dat is flagged',
    [{ Name: 'winmail.dat', ContentType: 'application/ms-tnef', Content: 'eJ8+Ig==' }],
    ['tnef'],
  ],
])('%s', async (_, Attachments, flags) => {
  const world = givenWorld();
  await world.receive(postmarkRequest({ ...CHECK, Attachments }));
  expect(world.messages()[0]?.flags).toEqual(flags);
});

test.each([
  ['X-Autoreply', 'yes', ['auto-reply']],
  ['X-Precedence', 'junk', ['auto-reply']],
  ['List-Unsubscribe', '<mailto:a@example.org>', ['list']],
  ['X-Failed-Recipients', 'a@example.org', ['bounce']],
])('a field %s of Mailgun counts beside an empty list of headers', async (name, value, flags) => {
  const world = givenWorld();
  await world.receive(
    mailgunRequest([
      ['recipient', 'box@in.example.com'],
      ['sender', 'bob@example.org'],
      ['Message-ID', '<one@example.org>'],
      ['date', 'Wed, 25 Nov 2026 12:59:00 +0100'],
      [name, value],
      ['Body-plain', 'A text.'],
      ['message-headers', '[]'],
    ]),
  );
  const [message] = world.messages();
  expect(message).toMatchObject({ messageId: '<one@example.org>', date: '2026-11-25T11:59:00.000Z', flags });
  expect(message?.headers?.map(([given]) => given)).toEqual(['Message-ID', name, 'Date']);
});

test('a From field of Postmark with a name, beside the field for the name, is one mailbox', async () => {
  const world = givenWorld();
  await world.receive(
    postmarkRequest({ ...CHECK, FromFull: null, From: '"Doe, J" <j@example.org>', FromName: 'Doe, J' }),
  );
  expect(world.messages()[0]?.from).toEqual([{ name: 'Doe, J', address: 'j@example.org' }]);
});

test('names of files that a provider has not decoded are decoded', async () => {
  const world = givenWorld();
  const name = '=?utf-8?Q?gr=C3=BCn.png?=';
  await world.receive(
    postmarkRequest({ ...CHECK, Attachments: [{ Name: name, ContentType: 'image/png', Content: 'eA==' }] }),
  );
  await world.receive(
    mailgunRequest([
      ['recipient', 'box@in.example.com'],
      ['body-plain', 'A text.'],
      ['attachment-1', 'x', name, 'image/png'],
    ]),
  );
  expect(world.messages().map(({ attachments }) => attachments?.[0]?.filename)).toEqual(['grün.png', 'grün.png']);
});

test('winmail.dat does not count as incomplete mail', async () => {
  const world = givenWorld();
  await world.receive(postmarkRequest({ ...CHECK, Attachments: [{ Name: 'winmail.dat', Content: 'eJ8+Ig==' }] }));
  expect(world.messages()[0]?.flags).toEqual(['tnef']);
  expect(world.metrics.map(({ name }) => name)).not.toContain('InboundIncomplete');
});

test('a request without any body is flagged', async () => {
  const world = givenWorld();
  await world.receive(
    mailgunRequest([
      ['recipient', 'box@in.example.com'],
      ['sender', 'bob@example.org'],
      ['subject', 'Only a subject'],
    ]),
  );
  const { TextBody: _text, HtmlBody: _html, ...rest } = CHECK;
  await world.receive(postmarkRequest(rest));
  expect(world.messages().map(({ flags }) => flags)).toEqual([['truncated'], ['truncated']]);
});

test("names of fields as Mailgun's manual writes them are accepted, but not for trusted fields", async () => {
  const world = givenWorld();
  const fields = [
    ['recipient', 'box@in.example.com'],
    ['Recipient', 'stranger@in.example.com'],
    ['sender', 'bob@example.org'],
    ['from', 'Bob <bob@example.org>'],
    ['subject', 'A subject'],
    ['Body-plain', 'A text.'],
    ['Stripped-text', 'A text.'],
    ['Attachment-count', '1'],
    ['Content-id-map', '{"<part1>": "attachment-1"}'],
    ['Message-headers', '[["Message-Id", "<one@example.org>"], ["From", "Bob <bob@example.org>"]]'],
    ['attachment-1', 'a', 'a.png', 'image/png'],
  ] as const;

  expect((await world.receive(mailgunRequest(fields))).status).toBe(200);

  const [message] = world.messages();
  expect(message).toMatchObject({
    envelope: { to: ['box@in.example.com'] },
    messageId: '<one@example.org>',
    text: 'A text.',
    strippedText: 'A text.',
    attachments: [{ filename: 'a.png', contentId: 'part1' }],
  });
  expect(message?.flags).toBeUndefined();
});

test('the notice of a stored mail has names that JSON has damaged', async () => {
  const world = givenWorld();
  const mime = [
    ...['Message-ID: <one@example.org>', 'Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'text', '--b'],
    ...['Content-Type: image/png', 'Content-Disposition: attachment; filename="Pr\ufffdfung.png"', '', 'a', '--b--'],
  ];
  world.fetch = async () => Response.json({ 'body-mime': mime.join('\r\n') });
  const fields = [
    ['recipient', 'box@in.example.com'],
    ['sender', 'bob@example.org'],
    ['message-url', 'https://storage-us-east4.api.mailgun.net/v3/domains/in.example.com/messages/KEY'],
    [
      'attachments',
      '[{"url": "https://x", "content-type": "image/png", "name": "Prüfung.png", "size": 1}, {"size": 1}, null]',
    ],
  ] as const;

  expect((await world.receive(mailgunRequest(fields))).status).toBe(200);

  expect(world.messages()).toMatchObject([{ text: 'text', attachments: [{ filename: 'Prüfung.png', size: 1 }] }]);
});

test.each([
  ['with all that SES tells of a mail', (notification: object) => notification],
  [
    'within the envelope of a topic',
    (notification: object) => ({ Type: 'Notification', Message: JSON.stringify(notification) }),
  ],
])('the sample of a notification of SES, %s, is a mail', async (_, wrapped) => {
  const world = givenWorld();
  const mime = 'Message-ID: <one@example.org>\r\nFrom: bob@example.org\r\nSubject: Example subject\r\n\r\nA text.\r\n';
  world.objects.set('inbound/ses/d6iitobk75ur44p8', { content: Buffer.from(mime), contentType: '' });
  const passed = { status: 'PASS' };

  await world.takeReceived(
    wrapped({
      notificationType: 'Received',
      receipt: {
        timestamp: '2026-11-25T11:59:59.936Z',
        processingTimeMillis: 222,
        recipients: ['box@in.example.com'],
        spamVerdict: passed,
        virusVerdict: passed,
        spfVerdict: passed,
        dkimVerdict: { status: 'GRAY' },
        dmarcVerdict: { status: 'PROCESSING_FAILED' },
        action: {
          type: 'S3',
          topicArn: 'arn:aws:sns:us-east-1:012345678912:example-topic',
          bucketName: 'mail',
          objectKeyPrefix: 'inbound/ses/',
          objectKey: 'inbound/ses/d6iitobk75ur44p8',
        },
      },
      mail: {
        timestamp: '2026-11-25T11:59:59.936Z',
        source: '0000014fbe1c09cf@amazonses.com',
        messageId: 'd6iitobk75ur44p8',
        destination: ['box@in.example.com'],
        headersTruncated: false,
        headers: [{ name: 'From', value: 'bob@example.org' }],
        commonHeaders: { from: ['bob@example.org'], subject: 'Example subject' },
      },
    }),
  );

  expect(world.messages()).toMatchObject([
    {
      provider: 'ses',
      text: 'A text.\r\n',
      spam: { verdict: 'pass' },
      authentication: { spf: 'pass', dkim: 'neutral', dmarc: 'temperror' },
    },
  ]);
});
