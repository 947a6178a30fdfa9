import { expect, test } from 'vitest';
import { classify } from '../../../../lambda/providers/mailgun/classify.ts';
import type { WireTrace } from '../../../../lambda/providers/wire.ts';
import { fixturesIn } from '../fixtures.ts';
import { reasonedMeaning } from '../outcome-words.ts';
import { trace } from '../trace.ts';

const NOTHING: WireTrace = { connected: false, written: false, complete: false };
const classified = (words: string, status = 400) => reasonedMeaning(classify({ trace: trace(status), words }));

test.each(fixturesIn('mailgun'))('the recorded answer %s', (_, { status, headers, body, expected }) => {
  let said: { id?: unknown; message?: unknown } = {};
  try {
    said = Object(JSON.parse(body));
  } catch {
    said = { message: body };
  }
  const words = typeof said.message === 'string' ? said.message : body;
  expect(classify({ trace: trace(status, { headers }), id: said.id, words })).toMatchObject(expected);
});

// Texts of answers that have the same meaning with every HTTP status below 500.
test.each([
  ['unavailable account wrong-url', 'Mailgun Magnificent API', '  mailgun magnificent api\n'],
  [
    'throttled provider rate-limit',
    'requests-per-sec',
    'request-per-min',
    'requests-per-hour',
    'Too many requests',
    'rate limit',
  ],
  ['unavailable account probation', 'Account on probation', 'sending too fast'],
  ['unavailable account recipient-limit', 'Recipient limit exceeded', 'daily limit exceeded', 'Monthly quota reached'],
  ['unavailable account recipient-limit', 'hourly limit reached', 'sending quota exceeded', 'message limit exceeded'],
  ['unavailable account account-inactive', 'disabled for account inactivity'],
  ['unavailable account sandbox', 'a sandbox subdomain is for tests', 'no authorized recipient'],
  ['unavailable account domain-disabled', 'Domain disabled', 'domain is disabled', 'domain has been disabled'],
  ['unavailable account account-disabled', 'Account disabled', 'account is suspended', 'account has been closed'],
  ['unavailable account account-disabled', 'account is temporarily disabled', 'account temporarily closed'],
  ['unavailable account not-allowed-to-send', 'Domain x is not allowed to send'],
  ['unavailable account domain-not-verified', 'domain x.test is unverified', 'Domain a is not verified'],
  ['unavailable account domain-not-verified', 'domain a has not been verified'],
  ['refused message format', 'limited to 16KB', 'limited to 16 kb'],
  ['refused message too-large', 'Request body larger than maxBodyLength limit'],
])('%s is the meaning of these words, whatever the status: %s', (outcome, ...words) => {
  for (const said of words)
    for (const status of outcome.startsWith('refused') ? [400, 418] : [400, 403, 418, 499])
      expect(classified(said, status), said).toBe(outcome);
});

// Texts of answers that have this meaning only with the given HTTP status.
test.each<[number, string, ...string[]]>([
  [403, 'unavailable account authentication', 'Forbidden', 'bad API key', 'wrong credentials', 'Unauthorized'],
  [400, 'unavailable account domain-not-found', 'Domain not found', 'domain mg.example.com not found'],
  [
    400,
    'refused message too-large',
    'message is too large',
    'body too big',
    'Size exceeds 25 MB',
    'content exceeds 25 MB',
  ],
  [400, 'refused message too-large', 'size limit'],
  [400, 'refused message virus', 'virus', 'malware', 'infected'],
  [400, 'refused recipient suppressed', 'recipient is suppressed', 'address on a suppression list'],
  [400, 'refused message address', "'to' parameter is not a valid address", "'cc' parameter is not a valid"],
  [400, 'refused message address', 'bcc parameter is not a valid address'],
  [
    400,
    'unavailable sender sender-refused',
    "'from' parameter is not a valid address",
    'from parameter is not a valid',
  ],
  [400, 'refused message format', 'need at least one of text', 'only one parameter', 'only one parameters'],
  [400, 'refused message format', 'parameter is missing', 'invalid parameter', 'Invalid MIME'],
])('under %i, %s is the meaning of these words: %s', (status, outcome, ...words) => {
  for (const said of words) {
    expect(classified(said, status), said).toBe(outcome);
    expect(classified(said, 418), said).toBe('unrecognised');
  }
});

test.each([
  ...[300, 301, 302, 303, 304, 307, 308, 404, 405, 410, 415].map((status) => [status, 'unavailable account wrong-url']),
  [400, 'unrecognised'],
  [401, 'unavailable account authentication'],
  [402, 'unavailable account payment-required'],
  [403, 'unavailable account access-denied'],
  [408, 'unknown no-answer'],
  [413, 'refused message too-large'],
  [418, 'unrecognised'],
  [429, 'throttled provider rate-limit'],
  [500, 'unavailable outage server-error'],
  [503, 'unavailable outage service-unavailable'],
])('the status %i alone', (status, outcome) => {
  expect(classified('', Number(status))).toBe(outcome);
});

test('similar words have no meaning', () => {
  for (const said of [
    'The Mailgun Magnificent API',
    'Mailgun Magnificent API, version 2',
    'MyMailgun Magnificent API',
    'Mailgun Magnificent APIs',
    'limited to 16  kb',
    "'auto' parameter is not a valid address",
    "'goto' parameter is not a valid address",
    "'seefrom' parameter is not a valid address",
  ])
    expect(classified(said), said).toBe('unrecognised');
});

test('a server error may hide that the message was accepted, whatever its page says', () => {
  for (const status of [500, 502]) {
    expect(classified('Account disabled', status)).toBe('unavailable outage server-error');
    const { detail: _, ...outcome } = classify({ trace: trace(status), words: 'x is not allowed to send' });
    expect(outcome).toEqual({ ...SERVER_ERROR, status: `${status}` });
  }
});

test('only a 2xx answer with an id is an acceptance, and the id loses its angle brackets', () => {
  const id = (given: unknown, status = 200) => classify({ trace: trace(status), id: given, words: 'Queued.' });
  for (const status of [200, 299]) expect(id('<a@b>', status)).toEqual({ kind: 'accepted', providerMessageId: 'a@b' });
  expect(id(' <a@b>\n')).toMatchObject({ providerMessageId: 'a@b' });
  expect(id('x<a@b>')).toMatchObject({ providerMessageId: 'x<a@b>' });
  expect(id('<a@b>x')).toMatchObject({ providerMessageId: '<a@b>x' });
  for (const bad of ['', '  ', 7, undefined])
    expect(id(bad)).toEqual({ kind: 'unknown', reason: 'no-message-id', status: '200', detail: 'Queued.' });
  for (const status of [199, 300, 400]) expect(id('<a@b>', status).kind).not.toBe('accepted');
});

test('under a 2xx only the sentence of the wrong URL proves that nothing was accepted', () => {
  expect(classified('Mailgun Magnificent API', 200)).toBe('unavailable account wrong-url');
  expect(classified('Account disabled', 200)).toBe('unknown no-message-id');
});

test('an answer that was cut off has the meaning of its status, if that is a refusal', () => {
  const cut = (status: number, failure?: string) =>
    classify({ trace: trace(status, { complete: false, ...(failure && { failure }) }) });
  expect(cut(200, 'ECONNRESET')).toMatchObject({ kind: 'unknown', reason: 'answer-lost' });
  expect(cut(418, 'ECONNRESET')).toEqual({
    kind: 'unavailable',
    blames: 'outage',
    reason: 'answer-cut',
    status: '418',
    detail: 'ECONNRESET',
  });
  expect(classify({ trace: trace(400) })).toMatchObject({ reason: 'unrecognised', detail: '' });
  expect(cut(418)).toMatchObject({ reason: 'answer-cut', detail: '' });
});

test("without a status the network error decides, and the SDK's error only without that", () => {
  const words = 'Request body larger than maxBodyLength limit';
  expect(classify({ trace: NOTHING, words })).toMatchObject({ kind: 'refused', reason: 'too-large' });
  expect(classify({ trace: NOTHING, id: '<a@b>' })).toMatchObject({ kind: 'unavailable', reason: 'not-sent' });
  expect(classify({ trace: { ...NOTHING, failure: 'ECONNREFUSED' }, words })).toMatchObject({
    reason: 'connection-refused',
  });
  expect(classify({ trace: { ...NOTHING, connected: true }, words })).toMatchObject({ reason: 'connection-lost' });
});

test('a Retry-After is used where time helps: for load and for a quota', () => {
  const headers = { 'retry-after': '7' };
  const said = (words: string) => classify({ trace: trace(400, { headers }), words });
  expect(said('rate limit')).toMatchObject({ retryAfterMs: 7_000 });
  expect(said('daily limit exceeded')).toMatchObject({ retryAfterMs: 7_000 });
  expect(said('virus')).not.toHaveProperty('retryAfterMs');
});

test('a refusal because of one address is marked as such, and no other one', () => {
  const said = (words: string) => classify({ trace: trace(400), words });
  for (const words of ['recipient is suppressed', "'to' parameter is not a valid address"])
    expect(said(words)).toHaveProperty('ofOne', true);
  for (const words of ['virus', 'parameter is missing']) expect(said(words)).not.toHaveProperty('ofOne');
});

const SERVER_ERROR = { kind: 'unavailable', blames: 'outage', reason: 'server-error', maybeTaken: true };
