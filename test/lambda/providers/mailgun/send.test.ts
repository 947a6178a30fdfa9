import { describe, expect, it } from 'vitest';
import type { MailgunOptions } from '../../../../lambda/providers/mailgun/options.ts';
import { create } from '../../../../lambda/providers/mailgun/send.ts';
import { type Received, verbatim } from '../../../support/local-server.ts';
import { attemptOf, MIME } from '../attempt.ts';
import { fixturesIn } from '../fixtures.ts';
import { givenServer } from '../given-server.ts';
import { mimeProviderTests } from '../mime-tests.ts';

const accepted = verbatim(200, { 'content-type': 'application/json' }, '{"id":"<ok@example.com>","message":"Queued."}');
const fixtures = fixturesIn('mailgun');
const server = givenServer(accepted);

function provider(options: Partial<MailgunOptions> = {}, endpoint = server.url, apiKey = 'key-1') {
  return create({ key: 'mailgun', options: { domain: 'mg.example.com', ...options }, secret: { apiKey }, endpoint });
}

/** Returns the parts of a multipart body as they were sent; reads the body without any library. */
function partsOf({ headers, body }: Received) {
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  return body
    .toString('latin1')
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const end = part.indexOf('\r\n\r\n');
      const name = /name="([^"]*)"/.exec(part.slice(0, end))?.[1] ?? '';
      return { name, head: part.slice(2, end), value: Buffer.from(part.slice(end + 4, -2), 'latin1') };
    });
}

async function partsFor(change?: Parameters<typeof attemptOf>[0]) {
  server.answer = accepted;
  await provider().send(attemptOf(change));
  const request = server.received.at(-1);
  if (!request) throw new Error('nothing arrived');
  return partsOf(request);
}

describe('the request', () => {
  it('carries the message byte for byte, its envelope and its handle, and nothing else', async () => {
    server.answer = accepted;
    const { outcome } = await provider().send(attemptOf());
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'ok@example.com' });
    const request = server.received.at(-1) as Received;
    expect(`${request.method} ${request.url}`).toBe('POST /v3/mg.example.com/messages.mime');
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from('api:key-1').toString('base64')}`);
    expect(request.headers['content-length']).toBe(String(request.body.length));
    const parts = partsOf(request);
    expect(parts.map(({ name }) => name)).toEqual([
      'message',
      'to',
      'to',
      'o:tracking',
      'o:tracking-opens',
      'o:tracking-clicks',
      'v:mailover-id',
      'v:mailover-submission',
      'v:mailover-attempt',
    ]);
    expect(parts[0]?.head).toContain('filename="MimeMessage"');
    expect(parts[0]?.value.equals(MIME)).toBe(true);
    expect(parts.slice(1).map(({ value }) => value.toString())).toEqual([
      'list@example.org',
      'hidden@example.net',
      'no',
      'no',
      'no',
      'h'.repeat(43),
      'order-1',
      '1',
    ]);
  });

  it('adds tag and metadata, which cannot take the place of the handle', async () => {
    const parts = await partsFor({
      message: { tag: 'receipt', metadata: { order: 'ä"1234', 'mailover-id': 'other' } },
    });
    expect(parts.slice(6).map(({ name, value }) => [name, value.toString()])).toEqual([
      ['v:mailover-id', 'h'.repeat(43)],
      ['v:mailover-submission', 'order-1'],
      ['v:mailover-attempt', '1'],
      ['o:tag', 'receipt'],
      ['v:order', 'ä"1234'],
    ]);
  });

  it('leaves out what exceeds the 16 KB of all options, and tags that Mailgun refuses', async () => {
    const metadata = { a: 'x'.repeat(10_000), b: 'y'.repeat(10_000), c: 'z' };
    const parts = await partsFor({ message: { tag: 'ä', metadata } });
    expect(parts.slice(6).map(({ name }) => name)).toEqual([
      'v:mailover-id',
      'v:mailover-submission',
      'v:mailover-attempt',
      'v:a',
      'v:c',
    ]);
  });

  it.each([
    [{ opens: true, clicks: false }, ['yes', 'yes', 'no']],
    [{ opens: false, clicks: true }, ['yes', 'no', 'yes']],
    [{ opens: true, clicks: true }, ['yes', 'yes', 'yes']],
  ])('tracks %j and nothing else', async (tracking, values) => {
    const parts = await partsFor({ attempt: { tracking } });
    expect(parts.filter(({ name }) => name?.startsWith('o:tracking')).map(({ value }) => value.toString())).toEqual(
      values,
    );
  });

  it('reports how much of tag and metadata does not fit', async () => {
    server.answer = accepted;
    const metadata = { a: 'x'.repeat(10_000), b: 'y'.repeat(10_000), 'mailover-id': 'other' };
    expect(await provider().send(attemptOf({ message: { tag: 'ä', metadata } }))).toMatchObject({ dropped: 3 });
  });

  it('keeps two domains with their own keys apart, side by side', async () => {
    server.answer = accepted;
    const start = server.received.length;
    await Promise.all([
      provider({ domain: 'one.example.com' }, server.url, 'key-one').send(attemptOf()),
      provider({ domain: 'two.example.com', region: 'eu' }, server.url, 'key-two').send(attemptOf()),
    ]);
    const seen = server.received.slice(start).map(({ url, headers }) => `${url} ${headers.authorization}`);
    const basic = (key: string) => `Basic ${Buffer.from(`api:${key}`).toString('base64')}`;
    expect(seen.sort()).toEqual([
      `/v3/one.example.com/messages.mime ${basic('key-one')}`,
      `/v3/two.example.com/messages.mime ${basic('key-two')}`,
    ]);
  });

  it('keeps its connection between sends', async () => {
    const mailgun = provider();
    server.answer = accepted;
    await mailgun.send(attemptOf());
    const connections = server.connections();
    for (let i = 0; i < 5; i++) expect((await mailgun.send(attemptOf())).outcome.kind).toBe('accepted');
    expect(server.connections()).toBe(connections);
  });

  it('says that the key is missing, and sends nothing', async () => {
    const count = server.received.length;
    const { outcome } = await provider({}, server.url, '').send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'account', reason: 'authentication' });
    expect(server.received.length).toBe(count);
  });
});

describe('answers, through the SDK', () => {
  it.each(fixtures)('%s', async (_, { status, headers, body, expected }) => {
    server.answer = verbatim(status, headers, body);
    const count = server.received.length;
    const { outcome } = await provider().send(
      attemptOf({ attempt: { deadlineMs: 5000, recipients: ['b@example.org'] } }),
    );
    expect(outcome).toMatchObject(expected);
    if (!('retryAfterMs' in expected)) expect(outcome).not.toHaveProperty('retryAfterMs');
    // The provider may have refused another address in the header To. Therefore the mail is offered a second time, with only this
    // recipient in To.
    expect(server.received.length - count).toBe(expected.reason === 'address' ? 2 : 1);
  });

  mimeProviderTests({
    provider: (endpoint) => provider({}, endpoint),
    server,
    suppressed: new Map(fixtures).get('400-suppressed'),
  });

  it('more than the SDK takes: refused before anything is sent', async () => {
    const mime = async () => Buffer.alloc(51 * 1024 * 1024, 'x');
    const { outcome } = await provider().send(attemptOf({ attempt: { mime, deadlineMs: 5000, connectMs: 5000 } }));
    expect(outcome).toMatchObject({ kind: 'refused', blames: 'message', reason: 'too-large' });
  });
});
