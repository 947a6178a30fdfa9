import { expect, test } from 'vitest';
import { classify, errorsIn } from '../../../../lambda/providers/sendgrid/classify.ts';
import { create } from '../../../../lambda/providers/sendgrid/send.ts';
import type { WireTrace } from '../../../../lambda/providers/wire.ts';
import { startServer, verbatim } from '../../../support/local-server.ts';
import { attemptOf } from '../attempt.ts';
import { fixturesIn } from '../fixtures.ts';
import { reasonedMeaning } from '../outcome-words.ts';
import { trace } from '../trace.ts';

const fixtures = fixturesIn('sendgrid');

const answered = (status: number, message: string, field: string | null = null, more: Partial<WireTrace> = {}) =>
  classify({ trace: trace(status, more), body: JSON.stringify({ errors: [{ message, field, help: null }] }) });
const classified = (...given: Parameters<typeof answered>) => reasonedMeaning(answered(...given));

test.each(fixtures)('the answer "%s" over the wire', async (_, { status, headers, body, expected }) => {
  const server = await startServer(verbatim(status, headers, body));
  const provider = create({ key: 'sg', options: {}, secret: { apiKey: 'SG.key' }, endpoint: server.url });
  const attempt = attemptOf({ attempt: { recipients: ['list@example.org'] } });
  const { outcome } = await provider.send(attempt);
  provider.close?.();
  await server.close();

  expect(outcome).toMatchObject(expected);
  expect('blames' in outcome ? outcome.blames : undefined).toBe(expected.blames);
  expect(JSON.stringify(outcome)).not.toContain('ada@example.org');
  expect(server.received).toHaveLength(1);
});

test.each(fixtures)('the recorded answer %s', (name, { status, headers, body, expected }) => {
  const outcome = classify({ trace: trace(status, { headers }), body });

  expect(outcome).toMatchObject(expected);
  // Only an error about one address makes the sender split the recipients.
  expect('ofOne' in outcome).toBe(['to-invalid', 'to-too-long'].includes(name));
  expect('retryAfterMs' in outcome).toBe('retryAfterMs' in expected);
});

test('every fixture says where and when it was read', () => {
  for (const [, { source, date }] of fixtures)
    expect([source, date]).toEqual([expect.stringMatching(/\S/), '2026-11-28']);
});

test.each([
  ['unavailable account quota', 401, 'Maximum credits exceeded', null],
  ['unavailable account quota', 403, 'maximum credits exceeded', 'from'],
  ['unavailable account not-allowed-to-send', 403, 'Authenticated user is not authorized to send mail', null],
  ['unavailable account account-suspended', 401, 'This account has been deactivated', null],
  ['unavailable account account-suspended', 403, 'Your account is currently banned.', null],
  ['unavailable account account-suspended', 403, 'account disabled', null],
  ['unavailable account account-suspended', 403, 'account frozen', null],
  ['unavailable account account-suspended', 403, 'account terminated', null],
  ['unavailable account account-suspended', 403, 'account under review', null],
  [
    'unavailable account account-suspended',
    403,
    'You are not authorized to access SendGrid, please contact Support.',
    null,
  ],
  ['unavailable account access-denied', 403, 'The account. Nothing is suspended', null],
  ['unavailable account authentication', 401, 'anything else', 'from'],
  ['unavailable account access-denied', 403, 'anything else', 'from'],
  ['unavailable sender sender-unknown', 400, 'does not match a verified Sender Identity', 'from'],
  ['unavailable sender sender-unknown', 401, 'does not match a verified Sender Identity', null],
  ['unavailable sender sender-refused', 400, 'anything else', 'from'],
  ['unavailable sender sender-refused', 400, 'anything else', 'from.name'],
  ['unrecognised', 400, 'anything else', 'from_somewhere'],
  ['unrecognised', 400, 'account suspended', null],
  ['unrecognised', 400, 'not authorized to send mail', null],
  ['refused message invalid-email', 400, 'Does not contain a valid address.', 'personalizations.12.bcc.345.email'],
  ['refused message invalid-email', 400, 'must be a valid email address', 'personalizations.0.cc.0'],
  ['refused message invalid-field', 400, 'Does not contain a valid address.', 'personalizations.0.cc'],
  ['refused message invalid-field', 400, 'Does not contain a valid address.', 'personalizations.0.from.0.email'],
  ['refused message invalid-field', 400, 'Does not contain a valid address.', 'reply_to'],
  ['refused message invalid-field', 400, 'anything else', 'reply_to_list.0.email'],
  ['unrecognised', 400, 'Does not contain a valid address.', 'x.personalizations.0.to.0.email'],
  ['refused message too-large', 400, 'the mail is too large', null],
  ['refused message too-large', 400, 'it exceeds 30MB', null],
  ['refused message too-large', 400, 'it exceeds the size of a mail', null],
  ['unrecognised', 400, 'it exceeds 30 words', null],
  ['unrecognised', 400, 'it exceeds 30 mbit', null],
  ['unrecognised', 400, 'a size', null],
  ['refused message too-large', 400, 'beyond the size limit', 'attachments.0'],
  ['refused message invalid-json', 400, ' Bad Request ', null],
  ['unrecognised', 400, 'a bad request', null],
  ['unrecognised', 400, 'bad request indeed', null],
  ['refused message invalid-request', 400, 'Invalid Request', 'null'],
  ['unrecognised', 400, 'an invalid request', null],
  ['unrecognised', 400, 'invalid request, again', null],
  ['unrecognised', 422, 'bad request', 'subject'],
  ['refused message format', 415, 'Invalid UTF-8', null],
  ['unavailable account wrong-url', 415, 'the charset', null],
  ['throttled provider rate-limit', 429, 'too many requests', 'content'],
  ['unavailable account quota', 429, 'Maximum credits exceeded', null],
  ['unavailable outage server-error', 500, 'Maximum credits exceeded', null],
])('%s is the meaning of %i %j in %j', (meaning, status, message, field) => {
  expect(classified(status, message, field)).toBe(meaning);
});

test.each(['content', 'subject', 'attachments.3.type', 'headers.X', 'categories', 'custom_args', 'personalizations'])(
  'an unheard-of error in %s is about the message',
  (field) => {
    expect(classified(400, 'unheard of', field)).toBe('refused message invalid-field');
    expect(classified(400, 'unheard of', `${field}x`)).toBe(
      field.includes('.') ? 'refused message invalid-field' : 'unrecognised',
    );
    expect(classified(400, 'unheard of', `a.${field}`)).toBe('unrecognised');
  },
);

test.each(['tracking_settings', 'mail_settings', 'asm', 'ip_pool_name', 'template_id', 'batch_id', 'send_at'])(
  'an unheard-of error in %s is about our request',
  (field) => {
    expect(classified(400, 'unheard of', `${field}.enable`)).toBe('refused message invalid-request');
    expect(classified(400, 'unheard of', field)).toBe('refused message invalid-request');
    expect(classified(400, 'unheard of', `${field}s`)).toBe('unrecognised');
    expect(classified(400, 'unheard of', `a.${field}`)).toBe('unrecognised');
  },
);

test.each([300, 301, 302, 303, 304, 307, 308, 404, 405, 410, 415])('%i is about the URL', (status) => {
  expect(classified(status, 'anything', 'from')).toBe('unavailable account wrong-url');
});

test.each([199, 306, 402, 409, 418, 422])('%i is unrecognised', (status) => {
  expect(classified(status, 'anything', 'from')).toBe('unrecognised');
});

test('of several errors, the one in the first row decides, wherever it stands', () => {
  const errors = [
    { message: 'The subject is required.', field: 'subject' },
    { message: 'Does not contain a valid address.', field: 'personalizations.0.to.1.email' },
  ];
  for (const list of [errors, errors.toReversed()])
    expect(classify({ trace: trace(400), body: JSON.stringify({ errors: list }) })).toMatchObject({
      reason: 'invalid-email',
      ofOne: true,
      status: '400',
      detail: expect.stringContaining('subject: The subject is required.'),
    });
});

test('a row needs its field and its words in one error', () => {
  const errors = [
    { message: 'Does not contain a valid address.', field: 'reply_to' },
    { message: 'wrong', field: 'personalizations.0.to.1.email' },
  ];
  expect(classify({ trace: trace(400), body: JSON.stringify({ errors }) })).toMatchObject({ reason: 'invalid-field' });
});

test.each<[string, string]>([
  ['{"errors":"no"}', '{"errors":"no"}'],
  ['null', 'null'],
  ['[]', '[]'],
  ['{"errors":[]}', '{"errors":[]}'],
  ['', ''],
])('the body %j has no errors and stays as words', (body, detail) => {
  expect(errorsIn({ trace: trace(400), body })).toEqual([]);
  expect(classify({ trace: trace(400), body })).toMatchObject({ kind: 'unrecognised', detail, status: '400' });
});

test('an error in another form is read as far as it can be', () => {
  const body = JSON.stringify({ errors: ['words', null, 7, { message: 8, field: 9 }, { field: 'from' }] });
  expect(errorsIn({ trace: trace(400), body })).toEqual([
    { message: 'words', field: '' },
    { message: '', field: '' },
    { message: '', field: '' },
    { message: '8', field: '' },
    { message: '', field: 'from' },
  ]);
  expect(errorsIn({ trace: trace(400) })).toEqual([]);
});

test('the detail has all errors, each behind its field if it has one', () => {
  const errors = [{ message: 'first' }, { message: 'second', field: 'subject' }];

  expect(classify({ trace: trace(400), body: JSON.stringify({ errors }) })).toMatchObject({
    detail: 'first; subject: second',
  });
  expect(classify({ trace: trace(400) })).toMatchObject({ detail: '' });
});

test('words without errors are matched as a whole', () => {
  expect(classify({ trace: trace(401), body: '<p>Maximum credits exceeded</p>' })).toMatchObject({ reason: 'quota' });
});

test('an acceptance needs its status and its id, not the end of the answer', () => {
  const headers = { 'x-message-id': ' abc ' };
  expect(classify({ trace: trace(202, { headers }) })).toEqual({ kind: 'accepted', providerMessageId: 'abc' });
  expect(classify({ trace: trace(202, { headers, complete: false }) })).toMatchObject({ kind: 'accepted' });
  expect(classify({ trace: trace(202, { complete: false }) })).toMatchObject({ reason: 'answer-lost' });
  expect(classify({ trace: trace(200, { complete: false }) })).toMatchObject({ reason: 'answer-lost' });
  expect(classify({ trace: trace(202) })).toEqual({
    kind: 'unknown',
    reason: 'no-message-id',
    status: '202',
    detail: '',
  });
  expect(classify({ trace: trace(200, { headers }) })).toMatchObject({ kind: 'unknown', reason: 'no-message-id' });
  expect(classify({ trace: trace(204, { headers }) })).toMatchObject({ kind: 'unknown', status: '204' });
  expect(classify({ trace: trace(299, { headers }) })).toMatchObject({ kind: 'unknown' });
});

test.each(['', ' ', '{}', ' { } '])('a 200 with the body %j says that nothing was queued', (body) => {
  expect(classify({ trace: trace(200), body })).toMatchObject({ blames: 'account', reason: 'sandbox', status: '200' });
  expect(classify({ trace: trace(201), body })).toMatchObject({ kind: 'unknown' });
});

test.each(['{"a":1}', 'x{}', '{}x'])('a 200 with the body %j says nothing', (body) => {
  expect(classify({ trace: trace(200), body })).toMatchObject({ kind: 'unknown', detail: body });
});

test('an answer that was cut off has the meaning of its status, if that is a refusal', () => {
  const cut = (status: number | undefined) =>
    classify({ trace: trace(status, { complete: false, failure: 'ECONNRESET' }) });
  expect(cut(400)).toEqual({
    kind: 'unavailable',
    blames: 'outage',
    reason: 'answer-cut',
    status: '400',
    detail: 'ECONNRESET',
  });
  expect(classify({ trace: trace(400, { complete: false }) })).toMatchObject({ reason: 'answer-cut', detail: '' });
  expect(cut(401)).toMatchObject({ blames: 'account', reason: 'authentication' });
  expect(cut(429)).toMatchObject({ kind: 'throttled' });
  expect(cut(500)).toMatchObject({ reason: 'server-error', maybeTaken: true });
  expect(cut(undefined)).toMatchObject({ kind: 'unknown', reason: 'connection-lost' });
});

test('the end of a limit is a Retry-After while nothing remains of it', () => {
  const date = 'Thu, 20 Feb 2014 01:07:13 GMT';
  const limit = (headers: Record<string, string>) =>
    answered(429, 'too many requests', null, { headers: { date, ...headers } });
  const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1392858463' };

  expect(limit(reset)).toMatchObject({ retryAfterMs: 30_000 });
  expect(limit({ ...reset, 'retry-after': '5' })).toMatchObject({ retryAfterMs: 5_000 });
  expect(limit({ ...reset, 'x-ratelimit-remaining': '3' })).not.toHaveProperty('retryAfterMs');
  for (const wrong of ['0', '-1', 'soon', '1e300'])
    expect(limit({ ...reset, 'x-ratelimit-reset': wrong })).not.toHaveProperty('retryAfterMs');
});
