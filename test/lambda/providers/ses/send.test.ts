import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify } from '../../../../lambda/providers/ses/classify.ts';
import type { SesOptions } from '../../../../lambda/providers/ses/options.ts';
import { create } from '../../../../lambda/providers/ses/send.ts';
import { type Answer, attemptOf, closedPort, LOST, MIME, startServer, verbatim } from '../wire-server.ts';

const accepted = verbatim(200, { 'content-type': 'application/json' }, '{"MessageId":"0102-ok"}');
const folder = new URL('fixtures/', import.meta.url);
const fixtures = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8'))] as const,
);

let server: Awaited<ReturnType<typeof startServer>>;
let answer: Answer = accepted;
const before = { ...process.env };

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'eu-west-1',
  });
  server = await startServer((...all) => answer(...all));
});

afterAll(async () => {
  process.env = before;
  await server.close();
});

function provider(options: Partial<SesOptions> = {}, endpoint = server.url) {
  return create({ key: 'ses', options: { identities: ['example.com'], ...options }, secret: {}, endpoint });
}

it.each([
  [{ opens: false, clicks: false }, 'plain'],
  [{ opens: true, clicks: false }, 'opens'],
  [{ opens: false, clicks: true }, 'plain'],
  [{ opens: true, clicks: true }, 'both'],
])('tracks %j by a configuration set that does just that, or not at all', async (tracking, name) => {
  const options = { configurationSet: 'plain', trackingSets: { opens: 'opens', both: 'both' } };
  const { body } = await requestFor(options, { attempt: { tracking } });
  expect(body.ConfigurationSetName).toBe(name);
});

it('names an identity of another account', async () => {
  const fromIdentityArn = 'arn:aws:ses:eu-west-1:123456789012:identity/example.com';
  expect((await requestFor({ fromIdentityArn })).body.FromEmailAddressIdentityArn).toBe(fromIdentityArn);
  expect((await requestFor()).body).not.toHaveProperty('FromEmailAddressIdentityArn');
});

async function requestFor(options?: Partial<SesOptions>, change?: Parameters<typeof attemptOf>[0]) {
  answer = accepted;
  const ses = provider(options);
  const { outcome } = await ses.send(attemptOf(change));
  ses.close?.();
  const request = server.received.at(-1);
  if (!request) throw new Error('nothing arrived');
  return { outcome, request, body: JSON.parse(request.body.toString()) };
}

/** The id and the number of the attempt are in base64url, since ids may have letters that SES forbids. */
const REFERENCE = [
  { Name: 'mailover-id', Value: 'h'.repeat(43) },
  { Name: 'mailover-submission', Value: Buffer.from('order-1').toString('base64url') },
  { Name: 'mailover-attempt', Value: Buffer.from('1').toString('base64url') },
];

describe('the request', () => {
  it('carries the message byte for byte, its envelope and its handle', async () => {
    const { outcome, request, body } = await requestFor({ configurationSet: 'main' });
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: '0102-ok' });
    expect(`${request.method} ${request.url}`).toBe('POST /v2/email/outbound-emails');
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/ses\/aws4_request/);
    expect(body).toEqual({
      FromEmailAddress: 'a@example.com',
      Destination: { ToAddresses: ['list@example.org', 'hidden@example.net'] },
      Content: { Raw: { Data: MIME.toString('base64') } },
      EmailTags: REFERENCE,
      ConfigurationSetName: 'main',
    });
  });

  it('leaves out tags that SES would refuse, and keeps the handle its own', async () => {
    const metadata = {
      order: '1234',
      'mailover-id': 'other',
      'two words': 'x',
      note: 'ä',
      long: 'x'.repeat(257),
      empty: '',
    };
    const { body } = await requestFor({}, { message: { tag: 'receipt', metadata } });
    expect(body.EmailTags).toEqual([
      ...REFERENCE,
      { Name: 'order', Value: '1234' },
      { Name: 'mailover-tag', Value: 'receipt' },
    ]);
    expect(body).not.toHaveProperty('ConfigurationSetName');
  });

  it('signs for the region of each provider', async () => {
    const [a, b] = [await requestFor({ region: 'us-east-1' }), await requestFor({ region: 'ap-south-1' })];
    expect(a.request.headers.authorization).toContain('/us-east-1/ses/');
    expect(b.request.headers.authorization).toContain('/ap-south-1/ses/');
  });

  it('keeps its connection between sends', async () => {
    answer = accepted;
    const ses = provider();
    const connections = server.connections();
    for (let i = 0; i < 5; i++) expect((await ses.send(attemptOf())).outcome.kind).toBe('accepted');
    expect(server.connections() - connections).toBe(1);
    ses.close?.();
  });
});

describe('answers, through the SDK', () => {
  it.each(fixtures)('%s', async (_, { status, headers, body, expected }) => {
    answer = verbatim(status, headers, body);
    const ses = provider();
    const count = server.received.length;
    const { outcome } = await ses.send(attemptOf({ attempt: { deadlineMs: 5000, recipients: ['b@example.org'] } }));
    expect(outcome).toMatchObject(expected);
    if (!('retryAfterMs' in expected)) expect(outcome).not.toHaveProperty('retryAfterMs');
    // A refused address may stand in To: it is asked once more without the others.
    expect(server.received.length - count).toBe(expected.reason === 'address' ? 2 : 1);
    expect(JSON.stringify(outcome)).not.toMatch(/a@example\.com/);
    ses.close?.();
  });

  it.each(LOST)('$name', async ({ answer: lost, reason }) => {
    answer = lost;
    const ses = provider();
    const count = server.received.length;
    expect((await ses.send(attemptOf())).outcome).toMatchObject({ kind: 'unknown', reason });
    expect(server.received.length - count).toBe(1);
    ses.close?.();
  });

  it('a reset while the message is being written is unknown, and not tried again', async () => {
    const broken = await startServer(
      () => {},
      (request) => {
        request.socket.resetAndDestroy();
        return true;
      },
    );
    const mime = async () => Buffer.alloc(8_000_000, 'x');
    const { outcome } = await provider({}, broken.url).send(attemptOf({ attempt: { mime, deadlineMs: 5000 } }));
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'connection-lost' });
    expect(broken.connections()).toBe(1);
    await broken.close();
  });

  it('a refusal that names none of several recipients is taken apart', async () => {
    const { status, headers, body } = new Map(fixtures).get('message-rejected-suppressed.json');
    answer = verbatim(status, headers, body);
    const count = server.received.length;
    // Calls one after the other, each of which a busy machine may delay.
    const { outcome, recipients } = await provider().send(attemptOf({ attempt: { deadlineMs: 20_000 } }));
    const calls = 2 * attemptOf().recipients.length - 1;
    expect(server.received.length - count).toBe(calls);
    expect([outcome, ...(recipients?.values() ?? [])]).toEqual(
      attemptOf().recipients.map(() => expect.objectContaining({ kind: 'refused', reason: 'suppressed' })),
    );
  });

  it('a closed port: nothing was sent', async () => {
    const { outcome } = await provider({}, `http://127.0.0.1:${await closedPort()}`).send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'connection-refused' });
  });

  it('a 400 whose words are cut off is no opinion about the message', async () => {
    answer = (response, _, socket) => {
      response.writeHead(400, { 'content-length': '100' });
      response.write('{"mess', () => socket.destroy());
    };
    const { outcome } = await provider().send(attemptOf());
    expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'answer-cut' });
  });
});

it('blames the worker for missing credentials', () => {
  const trace = { connected: false, written: false, complete: false };
  const outcome = classify({ trace, name: 'CredentialsProviderError', words: 'Could not load credentials' });
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'worker', reason: 'credentials-refused' });
});
