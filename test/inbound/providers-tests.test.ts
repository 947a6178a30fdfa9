import { expect, test } from 'vitest';
import { givenWorld, mailgunRequest, postmarkRequest, sha256 } from './world.ts';

// What a provider sends when a webhook is set up, or shows in its documentation: the first thing that arrives anywhere. Field
// names and values are not quite those of real mail.

/** The button that checks an inbound webhook of Postmark (django-anymail, webhooks/postmark.py, read 2026-11-28). */
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
    'winmail.dat is flagged',
    [{ Name: 'winmail.dat', ContentType: 'application/ms-tnef', Content: 'eJ8+Ig==' }],
    ['tnef'],
  ],
])('%s', async (_, Attachments, flags) => {
  const world = givenWorld();
  await world.receive(postmarkRequest({ ...CHECK, Attachments }));
  expect(world.messages()[0]?.flags).toEqual(flags);
});

test('a request that tells no body at all is flagged', async () => {
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
