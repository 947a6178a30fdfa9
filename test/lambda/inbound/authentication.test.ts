import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defined } from '../../../lambda/platform/defined.ts';
import { inbound as mailgun } from '../../../lambda/providers/mailgun/inbound.ts';
import { inbound as postmark } from '../../../lambda/providers/postmark/inbound.ts';
import {
  type FormEntry,
  givenWorld,
  mailgunMail,
  mailgunRequest,
  NOW,
  postmarkMail,
  postmarkRequest,
  SECRETS,
} from './world.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const secretOf = (key: string) => SECRETS[`mailover/${key}/webhooks`] ?? {};

describe('Mailgun', () => {
  test.each(['key-new', 'key-old'])('every configured key is accepted: %s', async (key) => {
    const world = givenWorld();
    expect((await world.receive(mailgunRequest(mailgunMail(), { key }))).status).toBe(200);
    expect(world.queue).toHaveLength(1);
  });

  test.each([
    ['just signed', 0, 200],
    ['retried for eight hours', -8 * HOUR, 200],
    ['a minute under a day old', -24 * HOUR + MINUTE, 200],
    ['a minute over a day old', -24 * HOUR - MINUTE, 401],
    ['by a clock 14 minutes ahead', 14 * MINUTE, 200],
    ['by a clock 16 minutes ahead', 16 * MINUTE, 401],
  ])('%s', async (_, age, status) => {
    const world = givenWorld();
    expect((await world.receive(mailgunRequest(mailgunMail(), { at: NOW + age }))).status).toBe(status);
    expect(world.queue).toHaveLength(status === 200 ? 1 : 0);
  });

  test('without a key, or with an empty one, everything is refused', async () => {
    for (const signingKey of [undefined, '']) {
      const world = givenWorld();
      const { signingKey: _, previousSigningKey: __, ...rest } = secretOf('mailgun');
      world.secrets['mailover/mailgun/webhooks'] = { ...rest, ...defined({ signingKey }) };
      expect((await world.receive(mailgunRequest(mailgunMail(), { key: '' }))).status).toBe(401);
    }
  });

  test('a key that was rotated a moment ago is read again', async () => {
    const world = givenWorld();
    const before = { ...secretOf('mailgun') };
    let reads = 0;
    Object.defineProperty(world.secrets, 'mailover/mailgun/webhooks', {
      get: () => (++reads > 1 ? { ...before, signingKey: 'key-newest' } : before),
    });
    expect((await world.receive(mailgunRequest(mailgunMail(), { key: 'key-newest' }))).status).toBe(200);
  });

  test('forged requests cause one read of a secret in half a minute', async () => {
    const world = givenWorld();
    let reads = 0;
    Object.defineProperty(world.secrets, 'mailover/mailgun/webhooks', {
      get: () => {
        reads += 1;
        return secretOf('mailgun');
      },
    });
    for (let count = 0; count < 20; count++) await world.receive(mailgunRequest(mailgunMail(), { key: 'wrong' }));
    expect(reads).toBe(21);
  });

  test('the same token with the same mail again gives 200 and one message, whatever the wrapping', async () => {
    const world = givenWorld();
    const token = 'token-1';
    const requests = [
      mailgunRequest(mailgunMail(), { token }),
      mailgunRequest(mailgunMail(), { token }),
      mailgunRequest(mailgunMail(), { token, multipart: true, boundary: 'one' }),
      mailgunRequest(mailgunMail().toReversed(), { token, multipart: true, boundary: 'two' }),
    ];
    for (const request of requests) expect((await world.receive(request)).status).toBe(200);
    expect(world.queue).toHaveLength(1);
  });

  test('a used token is refused with any other content', async () => {
    const world = givenWorld();
    const token = 'token-2';
    await world.receive(mailgunRequest(mailgunMail(), { token }));
    const altered = [
      mailgunMail({ recipient: 'other@in.example.com' }),
      mailgunMail({ 'Message-Id': '<other@example.com>' }),
      mailgunMail({ 'body-plain': 'A text!\r\n' }),
      [...mailgunMail(), ['extra', ''] as const],
      mailgunMail().slice(1),
    ];
    for (const entries of altered) {
      const answer = await world.receive(mailgunRequest(entries, { token }));
      expect(answer.status).toBe(401);
    }
    expect(world.queue).toHaveLength(1);
  });

  test('a used token is refused with another type of a file, or with fields of one name in another order', async () => {
    const world = givenWorld();
    const file = (type: string): FormEntry => ['attachment-1', 'x', 'a.html', type];
    const entries = (type: string, ...html: string[]): FormEntry[] => [
      ...mailgunMail(),
      ...html.map((text): FormEntry => ['body-html', text]),
      file(type),
    ];
    const status = async (given: FormEntry[]) =>
      (await world.receive(mailgunRequest(given, { token: 'token-4' }))).status;

    expect(await status(entries('text/plain', '<p>1', '<p>2'))).toBe(200);
    expect(await status(entries('text/html', '<p>1', '<p>2'))).toBe(401);
    expect(await status(entries('text/plain', '<p>2', '<p>1'))).toBe(401);
    expect(await status(entries('text/plain', '<p>1', '<p>2'))).toBe(200);
    expect(world.queue).toHaveLength(1);
  });

  test.each([true, false])(
    'a signature after 60,000 headers is found, and covers them as well, multipart: %s',
    async (multipart) => {
      const world = givenWorld();
      const headers = Array.from({ length: 60_000 }, (_, index): FormEntry => [`X-${index}`, 'y']);
      const request = (first: FormEntry[]) =>
        mailgunRequest([...first, ...mailgunMail()], { token: 'token-5', multipart, signedLast: true });

      expect((await world.receive(request(headers))).status).toBe(200);
      expect((await world.receive(request(headers.with(59_990, ['X-59990', 'z'])))).status).toBe(401);
      expect((await world.receive(request(headers))).status).toBe(200);
      expect(world.messages()).toMatchObject([
        { messageId: '<one@example.com>', text: 'A text.\r\n', flags: ['truncated'] },
      ]);
    },
  );

  test('of several contents that share a token at the same time, one is admitted', async () => {
    const world = givenWorld();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        world.receive(mailgunRequest(mailgunMail({ 'Message-Id': `<${index}@example.com>` }), { token: 'token-3' })),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
    expect(world.queue).toHaveLength(1);
  });

  test('a failed write does not use up a token', async () => {
    const world = givenWorld();
    const request = mailgunRequest(mailgunMail());
    world.fault = () => {
      throw new Error('the bucket is away');
    };
    expect((await world.receive(request)).status).toBe(500);
    world.fault = () => {};
    expect((await world.receive(request)).status).toBe(200);
    expect(world.queue).toHaveLength(1);
  });

  test('forgeries are refused', { timeout: 60_000 }, () => {
    const genuine = { timestamp: String(NOW / 1000), token: 'a'.repeat(50) };
    const signature = createHmac('sha256', 'key-new')
      .update(genuine.timestamp + genuine.token)
      .digest('hex');
    const field = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '0', genuine.timestamp, genuine.token, signature),
    );
    fc.assert(
      fc.property(field, field, field, fc.boolean(), (timestamp, token, given, multipart) => {
        fc.pre(!(timestamp === genuine.timestamp && token === genuine.token && given.toLowerCase() === signature));
        const fields = { timestamp, token, signature: given, recipient: 'a@in.example.com', 'body-plain': 'x' };
        const boundary = randomBytes(8).toString('hex');
        const body = multipart
          ? `${Object.entries(fields)
              .map(
                ([name, value]) =>
                  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
              )
              .join('')}--${boundary}--\r\n`
          : new URLSearchParams(fields).toString();
        const contentType = multipart
          ? `multipart/form-data; boundary=${boundary}`
          : 'application/x-www-form-urlencoded';
        const verdict = mailgun.authenticate(
          { contentType, headers: {}, body: Buffer.from(body) },
          secretOf('mailgun'),
          NOW,
        );
        expect(verdict.kind).toBe('refused');
      }),
      { numRuns: 1_500 },
    );
  });

  test('arbitrary bytes are refused, and nothing is thrown', { timeout: 60_000 }, () => {
    const types = fc.constantFrom(
      '',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/json',
    );
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 300 }), (contentType, bytes) => {
        const request = { contentType, headers: {}, body: Buffer.from(bytes) };
        expect(mailgun.authenticate(request, secretOf('mailgun'), NOW).kind).toBe('refused');
        expect(postmark.authenticate(request, secretOf('postmark'), NOW).kind).toBe('refused');
      }),
      { numRuns: 1_000 },
    );
  });

  test('one digit moved from the time to the token is refused', () => {
    const timestamp = String(NOW / 1000);
    const token = '1234567890';
    const signature = createHmac('sha256', 'key-new')
      .update(timestamp + token)
      .digest('hex');
    for (const shift of [-3, -2, -1, 1, 2, 3]) {
      const all = timestamp + token;
      const fields = {
        timestamp: all.slice(0, timestamp.length + shift),
        token: all.slice(timestamp.length + shift),
        signature,
      };
      const body = Buffer.from(new URLSearchParams(fields).toString());
      const request = { contentType: 'application/x-www-form-urlencoded', headers: {}, body };
      expect(mailgun.authenticate(request, secretOf('mailgun'), NOW).kind).toBe('refused');
    }
  });
});

describe('Postmark', () => {
  test.each(['pass-new', 'pass-old'])('the current and the previous password are accepted: %s', async (password) => {
    const world = givenWorld();
    expect((await world.receive(postmarkRequest(postmarkMail(), { password }))).status).toBe(200);
  });

  test.each([
    ['another password', { password: 'pass' }],
    ['an empty password', { password: '' }],
    ['another name', { username: 'admin' }],
    ['a longer password', { password: 'pass-new ' }],
  ])('%s is refused with 401', async (_, options) => {
    const world = givenWorld();
    expect((await world.receive(postmarkRequest(postmarkMail(), options))).status).toBe(401);
    expect(world.queue).toEqual([]);
    expect(world.objects.size).toBe(0);
  });

  test.each(['', 'Basic', 'Basic !!', 'Bearer pass-new', `Basic ${'A'.repeat(5_000)}`])(
    'the header %j is refused',
    async (authorization) => {
      const world = givenWorld();
      expect((await world.receive({ ...postmarkRequest(postmarkMail()), headers: { authorization } })).status).toBe(
        401,
      );
    },
  );
});

describe('checks of both providers', () => {
  test.each([
    ['another path', { path: 'guessed' }],
    ['no path', { path: '' }],
  ])('%s is 404, however it is signed', async (_, options) => {
    const world = givenWorld();
    expect((await world.receive(mailgunRequest(mailgunMail(), options))).status).toBe(404);
    expect((await world.receive(postmarkRequest(postmarkMail(), options))).status).toBe(404);
  });

  test('a provider that does not receive is 404', async () => {
    const world = givenWorld();
    expect((await world.receive({ ...postmarkRequest(postmarkMail()), key: 'ses' })).status).toBe(404);
    expect((await world.receive({ ...postmarkRequest(postmarkMail()), key: 'renamed' })).status).toBe(404);
    expect(world.metrics).toEqual(Array(2).fill({ name: 'InboundUnknownKey', value: 1, outcome: undefined }));
    expect(world.log.join()).not.toContain('renamed');
  });

  test('with source ranges, requests from other addresses are refused', async () => {
    const sourceRanges = ['3.134.147.250/32', '50.31.156.0/24', '2001:db8::/32'];
    const world = givenWorld({
      providers: [{ key: 'postmark', type: 'postmark', secretName: 'mailover/postmark/webhooks', sourceRanges }],
    });
    const from = async (sourceIp: string) =>
      (await world.receive({ ...postmarkRequest(postmarkMail()), sourceIp })).status;
    expect(await Promise.all(['3.134.147.250', '50.31.156.9', '2001:db8::1'].map(from))).toEqual([200, 200, 200]);
    expect(await Promise.all(['3.134.147.251', '127.0.0.1', '2001:db9::1', ''].map(from))).toEqual([
      401, 401, 401, 401,
    ]);
  });

  test('a secret that cannot be read is a failure of ours', async () => {
    const world = givenWorld();
    delete world.secrets['mailover/postmark/webhooks'];
    expect((await world.receive(postmarkRequest(postmarkMail()))).status).toBe(500);
  });

  test('a table that does not answer is a failure of ours, and no mail is lost', async () => {
    const world = givenWorld();
    world.table.behavior = 'fail';
    expect((await world.receive(postmarkRequest(postmarkMail()))).status).toBe(500);
    world.table.behavior = 'work';
    expect((await world.receive(postmarkRequest(postmarkMail()))).status).toBe(200);
    expect(world.queue).toHaveLength(1);
  });
});

describe('genuine requests without a mail', () => {
  test.each([
    ['broken JSON', postmarkRequest('{"a":')],
    ['a list', postmarkRequest('[]')],
    ['null', postmarkRequest('null')],
    ['no recipient', postmarkRequest(postmarkMail({ OriginalRecipient: '', ToFull: [] }))],
    ['a form without recipient', mailgunRequest(mailgunMail({ recipient: '' }))],
    [
      'a form without content',
      mailgunRequest([
        ['recipient', 'a@in.example.com'],
        ['sender', 'b@example.org'],
      ]),
    ],
  ])('%s is kept, counted and answered 200', async (_, request) => {
    const world = givenWorld();
    expect((await world.receive(request)).status).toBe(200);
    expect(world.queue).toEqual([]);
    const [[key, object] = []] = [...world.objects];
    expect(key).toMatch(/^inbound\/unreadable\//);
    expect(object?.content.equals(request.body)).toBe(true);
    expect(world.metrics).toMatchObject([{ name: 'InboundRequests', outcome: 'unreadable' }]);
  });

  test('an event is answered 422 with an explanation', async () => {
    const world = givenWorld();
    const timestamp = String(NOW / 1000);
    const signature = {
      timestamp,
      token: 't',
      signature: createHmac('sha256', 'key-new').update(`${timestamp}t`).digest('hex'),
    };
    const event = {
      ...mailgunRequest([]),
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify({ signature, 'event-data': { event: 'delivered' } })),
    };
    const old = mailgunRequest([
      ['event', 'bounced'],
      ['recipient', 'a@example.com'],
      ['domain', 'example.com'],
    ]);
    for (const request of [event, old, postmarkRequest({ RecordType: 'Bounce', MessageID: 'x' })]) {
      const answer = await world.receive(request);
      expect(answer).toEqual({ status: 422, text: expect.stringContaining('event') });
    }
    expect(world.queue).toEqual([]);
  });
});

test('no address, subject, text or key is in a log line', async () => {
  const world = givenWorld();
  await world.receive(mailgunRequest(mailgunMail()));
  await world.receive(mailgunRequest(mailgunMail(), { key: 'wrong' }));
  await world.receive(postmarkRequest(postmarkMail({ OriginalRecipient: 'canary' })));
  expect(world.log.length).toBe(3);
  expect(world.log.join('\n')).not.toMatch(/@|Hello|A text|key-|pass-|hidden-/);
});
