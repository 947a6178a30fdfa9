import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classify } from '../../../../lambda/providers/ses/classify.ts';
import type { SesOptions } from '../../../../lambda/providers/ses/options.ts';
import { create } from '../../../../lambda/providers/ses/send.ts';
import { verbatim } from '../../../support/local-server.ts';
import { attemptOf, MIME } from '../attempt.ts';
import { fixturesIn } from '../fixtures.ts';
import { givenServer } from '../given-server.ts';
import { mimeProviderTests } from '../mime-tests.ts';

const accepted = verbatim(200, { 'content-type': 'application/json' }, '{"MessageId":"0102-ok"}');
const fixtures = fixturesIn('ses');
const server = givenServer(accepted);
const before = { ...process.env };

beforeAll(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'eu-west-1',
  });
});

afterAll(() => {
  process.env = before;
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
  // On a busy machine the first call of a process may take longer than the deadline of the other tests.
  const attempt = attemptOf({ ...change, attempt: { deadlineMs: 20_000, connectMs: 10_000, ...change?.attempt } });
  server.answer = accepted;
  const ses = provider(options);
  const { outcome } = await ses.send(attempt);
  ses.close?.();
  const request = server.received.at(-1);
  if (!request) throw new Error('nothing arrived');
  return { outcome, request, body: JSON.parse(request.body.toString()) };
}

/** Both the id and the number of the attempt are in base64url, since ids may contain characters that SES forbids. */
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
    server.answer = accepted;
    const ses = provider();
    const connections = server.connections();
    for (let i = 0; i < 5; i++) expect((await ses.send(attemptOf())).outcome.kind).toBe('accepted');
    expect(server.connections() - connections).toBe(1);
    ses.close?.();
  });
});

describe('answers, through the SDK', () => {
  it.each(fixtures)('%s', async (_, { status, headers, body, expected }) => {
    server.answer = verbatim(status, headers, body);
    const ses = provider();
    const count = server.received.length;
    const { outcome } = await ses.send(attemptOf({ attempt: { deadlineMs: 5000, recipients: ['b@example.org'] } }));
    expect(outcome).toMatchObject(expected);
    if (!('retryAfterMs' in expected)) expect(outcome).not.toHaveProperty('retryAfterMs');
    // The provider may have refused another address in the header To. Therefore the mail is offered a second time, with only this
    // recipient in To.
    expect(server.received.length - count).toBe(expected.reason === 'address' ? 2 : 1);
    expect(JSON.stringify(outcome)).not.toMatch(/a@example\.com/);
    ses.close?.();
  });

  mimeProviderTests({
    provider: (endpoint) => provider({}, endpoint),
    server,
    suppressed: new Map(fixtures).get('message-rejected-suppressed'),
  });
});

it('blames the worker for missing credentials', () => {
  const trace = { connected: false, written: false, complete: false };
  const outcome = classify({ trace, name: 'CredentialsProviderError', words: 'Could not load credentials' });
  expect(outcome).toMatchObject({ kind: 'unavailable', blames: 'worker', reason: 'credentials-refused' });
});
