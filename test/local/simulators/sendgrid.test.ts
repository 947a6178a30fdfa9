import { simpleParser } from 'mailparser';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../../lambda/mail/message.ts';
import { create } from '../../../lambda/providers/sendgrid/send.ts';
import { attemptOf } from '../../lambda/providers/attempt.ts';
import { SECRETS, simulators } from './simulators.ts';

let stack: Awaited<ReturnType<typeof simulators>>;
beforeAll(async () => {
  stack = await simulators();
});
afterEach(() => stack.accepted.clear());
afterAll(() => stack.close());

const MAIL = {
  personalizations: [{ to: [{ email: 'ada@example.org' }] }],
  from: { email: 'shop@example.com' },
  subject: 'Hello',
  content: [{ type: 'text/plain', value: 'x' }],
};

async function post(body: unknown, headers: Record<string, string> = {}, path = '/v3/mail/send') {
  const response = await fetch(`${stack.url('sg')}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.sg.apiKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const errors: { message: string; field: string | null }[] = text === '' ? [] : JSON.parse(text).errors;
  return {
    status: response.status,
    id: response.headers.get('x-message-id'),
    errors: errors.map(({ message, field }) => `${field}: ${message}`),
  };
}

async function send(message: Partial<Message>, recipients: readonly string[]) {
  const provider = create({ key: 'sg', options: {}, secret: SECRETS.sg, endpoint: stack.url('sg') });
  const result = await provider.send(attemptOf({ message, attempt: { recipients, deadlineMs: 5_000 } }));
  provider.close?.();
  return result;
}

describe('the simulated SendGrid', () => {
  it('takes what the provider sends, with every field', async () => {
    const { outcome } = await send(
      {
        from: { name: 'Shop, Co', address: 'shop@example.com' },
        to: [{ name: 'Doe, J', address: 'ada@example.org' }],
        cc: [{ address: 'bob@example.org' }],
        bcc: [{ address: 'eve@example.org' }],
        replyTo: [{ address: 'reply@example.com' }],
        html: '<p>x</p>',
        headers: [['X-Mailover-Id', 'order-1']],
        attachments: [{ filename: 'a.txt', contentType: 'text/plain; charset=utf-8', content: Buffer.from('abc') }],
        calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' },
      },
      ['ada@example.org', 'bob@example.org', 'eve@example.org'],
    );

    expect(outcome).toMatchObject({ kind: 'accepted', providerMessageId: expect.stringMatching(/^[\w-]{22}$/) });
    const [entry] = await stack.accepted.list({ id: 'order-1' });
    expect(entry).toMatchObject({
      provider: 'sg',
      providerMessageId: 'providerMessageId' in outcome ? outcome.providerMessageId : '',
      envelope: { from: 'shop@example.com', to: ['ada@example.org', 'bob@example.org', 'eve@example.org'] },
      tracking: { opens: false, clicks: false },
      text: 'x',
      html: '<p>x</p>',
      attachments: [{ filename: 'a.txt', contentType: 'text/plain', size: 3 }],
    });
    expect(entry?.headers).toEqual([
      ['From', '"Shop, Co" <shop@example.com>'],
      ['To', '"Doe, J" <ada@example.org>'],
      ['Cc', 'bob@example.org'],
      ['Reply-To', 'reply@example.com'],
      ['Subject', 'Hello'],
      ['X-Mailover-Id', 'order-1'],
      ['Message-ID', `<${'h'.repeat(43)}@example.com>`],
    ]);
  });

  it('delivers each of several Bcc alone', async () => {
    const bcc = [{ address: 'b1@example.org' }, { address: 'b2@example.org' }];

    await send({ bcc, headers: [['X-Mailover-Id', 'order-2']] }, ['b1@example.org', 'b2@example.org']);

    const entries = await stack.accepted.list({ id: 'order-2' });
    expect(entries.map(({ envelope, headers }) => [envelope.to, headers.find(([name]) => name === 'To')?.[1]])).toEqual(
      [
        [['b1@example.org'], 'b1@example.org'],
        [['b2@example.org'], 'b2@example.org'],
      ],
    );
  });

  it('composes the mail with the invitation as an alternative', async () => {
    const delivered: Buffer[] = [];
    const deliver = async (taking: { mime(): Buffer | Promise<Buffer> }) => {
      delivered.push(await taking.mime());
    };
    const own = await simulators(1, deliver);
    const provider = create({ key: 'sg', options: {}, secret: SECRETS.sg, endpoint: own.url('sg') });

    await provider.send(
      attemptOf({
        message: { calendar: { method: 'REQUEST', content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n' } },
        attempt: { recipients: ['list@example.org'], deadlineMs: 5_000 },
      }),
    );
    await expect.poll(() => delivered.length).toBe(1);
    provider.close?.();
    await own.close();

    const text = delivered[0]?.toString() ?? '';
    expect(text).toMatch(/multipart\/alternative/);
    expect(text).toMatch(/text\/calendar;[\s\S]*method=REQUEST/i);
    expect((await simpleParser(delivered[0] ?? '')).messageId).toBe(`<${'h'.repeat(43)}@example.com>`);
  });

  it('takes a mail whose recipient it will drop, and drops it', async () => {
    const copy = (one: object) => ({ ...MAIL, personalizations: [{ to: [one] }] });

    expect(await post(copy({ email: 'pepé@example.org' }))).toMatchObject({ status: 202 });
    expect(await post(copy({ email: 'ada@example.org', name: 'Doe, J' }))).toMatchObject({ status: 202 });
    expect(await stack.accepted.list()).toEqual([]);

    await post(copy({ email: 'ada@example.org', name: '"Doe, J"' }));
    expect(await stack.accepted.list()).toHaveLength(1);
  });

  it('queues nothing in sandbox mode', async () => {
    const answer = await post({ ...MAIL, mail_settings: { sandbox_mode: { enable: true } } });

    expect(answer).toEqual({ status: 200, id: null, errors: [] });
    expect(await stack.accepted.list()).toEqual([]);
  });

  const to = (...list: object[]) => ({ personalizations: [{ to: list }] });
  const many = Array.from({ length: 501 }, (_, index) => ({ email: `r${index}@example.org` }));
  const file = (more: object) => ({ attachments: [{ content: 'YWJj', filename: 'a.txt', ...more }] });
  it.each<[string, object, number, RegExp]>([
    ['no personalization', { personalizations: [] }, 400, /^personalizations: The personalizations field is required/],
    ['no To', to(), 400, /^personalizations.0.to: The to array is required/],
    ['an invalid address', to({ email: 'ada' }), 400, /^personalizations.0.to.0.email: Does not contain a valid addr/],
    ['a long address', to({ email: `${'a'.repeat(320)}@x.org` }), 400, /maximum total length of 320 characters$/],
    [
      'an address in To and Cc',
      { personalizations: [{ to: [{ email: 'a@example.org' }], cc: [{ email: 'A@example.org' }] }] },
      400,
      /unique between to, cc, and bcc.*\[A@example.org\] in the personalizations.0.cc field/,
    ],
    [
      'more than 1,000 recipients',
      { personalizations: [{ to: many, bcc: many.map(({ email }) => ({ email: `b${email}` })) }] },
      400,
      /^personalizations: There is a limit of 1000 total recipients/,
    ],
    ['no From', { from: undefined }, 400, /^from: The from object must be provided/],
    ['an invalid From', { from: { email: 'shop' } }, 400, /^from.email: The from email does not contain a valid/],
    [
      'a From of another account',
      { from: { email: 'a@elsewhere.test' } },
      403,
      /^from: The from address does not match/,
    ],
    ['both forms of Reply-To', { reply_to: MAIL.from, reply_to_list: [MAIL.from] }, 400, /^reply_to: .*not both/],
    ['an invalid Reply-To', { reply_to_list: [{ email: 'x' }] }, 400, /^reply_to: .*valid address/],
    ['no subject', { subject: '' }, 400, /^subject: The subject is required/],
    ['no content', { content: [] }, 400, /^content: The content param is required/],
    ['empty content', { content: [{ type: 'text/plain', value: '' }] }, 400, /^content.0.value: .*at least one charac/],
    [
      'HTML before text',
      {
        content: [
          { type: 'text/html', value: 'x' },
          { type: 'text/plain', value: 'x' },
        ],
      },
      400,
      /^content: Following RFC 1341/,
    ],
    [
      'parameters of a content',
      { content: [{ type: 'text/plain; charset=utf-8', value: 'x' }] },
      400,
      /^content.0.type: Cannot contain ';'/,
    ],
    ['an empty attachment', file({ content: '' }), 400, /^attachments.0.content: .*at least one character/],
    ['an attachment of other characters', file({ content: 'a b=' }), 400, /^attachments.0.content: .*base64 encoded/],
    ['parameters of an attachment', file({ type: 'text/plain; x=y' }), 400, /^attachments.0.type: .*';'/],
    ['a comma in a file name', file({ filename: 'a,b' }), 400, /^attachments.0.filename: .*CRLF/],
    ['a semicolon in a content id', file({ content_id: 'a;b' }), 400, /^attachments.0.content_id: .*CRLF/],
    ['a reserved header', { headers: { 'Reply-To': 'x@example.org' } }, 400, /^headers.Reply-To: .*reserved keys/],
    ['a header twice', { headers: { 'X-A': '1', 'x-a': '2' } }, 400, /^headers: .*duplicate keys/],
    ['a header name with a blank', { headers: { 'X A': '1' } }, 400, /^headers: .*empty spaces/],
    ['a header that is no text', { headers: { 'X-A': 1 } }, 400, /^headers.X-A: Invalid type/],
    [
      'a reserved header of one copy',
      { personalizations: [{ to: [{ email: 'a@example.org' }], headers: { To: 'x' } }] },
      400,
      /^personalizations.0.headers.To: .*reserved/,
    ],
    ['eleven categories', { categories: [...'abcdefghijk'] }, 400, /^categories: There is a limit of 10/],
    ['a category twice', { categories: ['a', 'a'] }, 400, /^categories: .*unique/],
    ['a long category', { categories: ['a'.repeat(256)] }, 400, /^categories: .*255/],
    ['a category that is not ASCII', { categories: ['é'] }, 400, /^categories: .*non-ASCII/],
    ['10,000 bytes of arguments', { custom_args: { a: 'x'.repeat(9_992) } }, 400, /^custom_args: .*10,000 bytes/],
    ['an argument that is no text', { custom_args: { a: 1 } }, 400, /^custom_args.a: Invalid type/],
    ['a wrong type', { from: 'shop@example.com' }, 400, /^from: Invalid type/],
  ])('refuses %s', async (_, change, status, error) => {
    const answer = await post({ ...MAIL, ...change });

    expect(answer).toEqual({ status, id: null, errors: [expect.stringMatching(error)] });
    expect(await stack.accepted.list()).toEqual([]);
  });

  it('names all errors of a request at once', async () => {
    const { errors } = await post({ ...MAIL, subject: '', ...to({ email: 'a' }, { email: 'b' }) });

    expect(errors.map((error) => error.split(':')[0])).toEqual([
      'personalizations.0.to.0.email',
      'personalizations.0.to.1.email',
      'subject',
    ]);
  });

  it('takes arguments just below their limit', async () => {
    expect(await post({ ...MAIL, custom_args: { a: 'x'.repeat(9_991) } })).toMatchObject({ status: 202 });
  });

  it.each<[string, () => ReturnType<typeof post>, number, string]>([
    ['no key', () => post(MAIL, { authorization: '' }), 401, 'authorization required'],
    [
      'another key',
      () => post(MAIL, { authorization: 'Bearer x' }),
      401,
      'The provided authorization grant is invalid',
    ],
    ['another type', () => post(MAIL, { 'content-type': 'text/plain' }), 415, 'unsupported media type'],
    ['another path', () => post(MAIL, {}, '/v3/mail'), 404, 'not found'],
    ['no JSON', () => post('{'), 400, 'Bad Request'],
    ['30 MB', () => post('x'.repeat(30 * 1024 * 1024)), 413, 'content too large'],
  ])('answers a request with %s', async (_, ask, status, message) => {
    expect(await ask()).toEqual({ status, id: null, errors: [expect.stringContaining(message)] });
  });

  it('refuses one of three addresses, and the provider serves the others', async () => {
    const message = {
      to: [{ address: 'ada@example.org' }, { address: 'broken' }],
      cc: [{ address: 'bob@example.org' }],
    };

    const result = await send({ ...message, bcc: [] }, ['ada@example.org', 'broken', 'bob@example.org']);

    expect(result.outcome).toMatchObject({ kind: 'accepted' });
    expect([...(result.recipients ?? [])]).toEqual([
      ['broken', expect.objectContaining({ kind: 'refused', blames: 'message', reason: 'invalid-email' })],
    ]);
    const [entry] = await stack.accepted.list();
    expect(entry?.envelope.to).toEqual(['ada@example.org', 'bob@example.org']);
  });

  it('faults match subject and recipients', async () => {
    await stack.fault('sg', { respond: { status: 503, body: '' }, match: 'eve@example.org' });
    const { outcome } = await send({ bcc: [{ address: 'eve@example.org' }] }, ['list@example.org', 'eve@example.org']);
    const { outcome: other } = await send({}, ['list@example.org']);
    await stack.faults.clear('sg');

    expect(outcome).toMatchObject({ kind: 'unavailable', reason: 'service-unavailable' });
    expect(other).toMatchObject({ kind: 'accepted' });
  });
});
