import { describe, expect, test } from 'vitest';
import { defined } from '../../../../lambda/platform/defined.ts';
import { classify, inactiveAmong, namesInactive } from '../../../../lambda/providers/postmark/classify.ts';
import type { WireTrace } from '../../../../lambda/providers/wire.ts';
import { fixturesIn } from '../fixtures.ts';
import { reasonedMeaning } from '../outcome-words.ts';
import { trace } from '../trace.ts';

/**
 * Classifies an answer as Postmark's SDK reports it: for a 2xx status the SDK resolves with the body, for any other status it
 * throws an error.
 */
const answered = (status: number, code: number | undefined, message?: string, more: Partial<WireTrace> = {}) =>
  status >= 200 && status < 300
    ? classify({ trace: trace(status, more), result: { ErrorCode: code, Message: message } })
    : classify({ trace: trace(status, more), error: { code, message } });
const classified = (...given: Parameters<typeof answered>) => reasonedMeaning(answered(...given));

test.each(fixturesIn('postmark'))('the recorded answer %s', (name, { status, headers, body, expected }) => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = body;
  }
  const { ErrorCode, Message } = Object(parsed) as { ErrorCode?: unknown; Message?: unknown };
  const watched = { trace: trace(status, { headers }) };
  const outcome =
    status < 300
      ? classify({ ...watched, result: parsed })
      : classify({ ...watched, error: { code: ErrorCode ?? 0, message: Message ?? String(body) } });
  const { kind, blames, reason } = expected;
  // The test does not compare the outcome for inactive recipients: the caller limits this outcome to the inactive recipients.
  if (!/inactive/.test(name))
    expect(outcome).toMatchObject({
      kind,
      ...defined({ blames: blames || undefined, reason: kind !== 'accepted' ? reason : undefined }),
    });
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
test.each<[string, readonly number[]]>([
  ['unavailable account authentication', [10]],
  ['refused message invalid-request', [11]],
  ['unavailable outage maintenance', [100]],
  ['refused message invalid-email', [300]],
  ['unavailable sender sender-unknown', [400]],
  ['unavailable sender sender-unconfirmed', [401]],
  ['refused message invalid-json', [402]],
  ['refused message invalid-field', [403]],
  ['unavailable account quota', [405]],
  ['refused recipient inactive-recipient', [406]],
  ['refused message json-required', [409]],
  ['refused message batch-too-large', [410]],
  ['refused message attachment-type', [411]],
  ['unavailable account pending-approval', [412]],
  ['unavailable account not-allowed-to-send', [413]],
  ['throttled provider rate-limit', [429]],
  ['refused message template', [1101, 1105, 1109, 1120, 1121, 1122, 1123, 1130, 1131]],
  ['unavailable account message-stream', [1221, 1226, 1235, 1236]],
  ['unavailable account smtp-token', range(1450, 1460)],
  ['unavailable account wrong-endpoint', [...range(500, 523), ...range(600, 613), ...range(700, 703)]],
  ['unavailable account wrong-endpoint', [800, 899, 900, 1099]],
  ['unrecognised', [404, 499, 524, 599, 614, 699, 704, 799, 1100, 1124, 1129, 1449, 1461]],
])('%s is the meaning of these codes: %j', (outcome, codes) => {
  for (const code of codes) expect(classified(422, code), String(code)).toBe(outcome);
});

test.each(['too large', 'exceeds the maximum', 'exceed the allowed', 'Size limit'])(
  '300 with "%s" is about size',
  (words) => {
    expect(classified(422, 300, words)).toBe('refused message too-large');
  },
);

test('an unknown code is a refusal of the message under 422, and of the account under 401', () => {
  expect(classified(401, 9_999)).toBe('unavailable account authentication');
  expect(classified(422, 9_999)).toBe('unrecognised');
  expect(classified(418, 9_999)).toBe('unavailable outage unexpected-status');
  expect(classified(500, 9_999)).toBe('unavailable outage server-error');
});

test.each([
  [301, 'unavailable account wrong-endpoint'],
  [302, 'unavailable account wrong-endpoint'],
  [303, 'unavailable account wrong-endpoint'],
  [307, 'unavailable account wrong-endpoint'],
  [308, 'unavailable account wrong-endpoint'],
  [199, 'unavailable outage unexpected-status'],
  [300, 'unavailable outage unexpected-status'],
  [400, 'unavailable outage unexpected-status'],
  [401, 'unavailable account authentication'],
  [403, 'unavailable outage network-layer'],
  [404, 'unavailable account wrong-endpoint'],
  [405, 'unavailable account wrong-endpoint'],
  [408, 'unknown no-answer'],
  [413, 'refused message too-large'],
  [415, 'unavailable account wrong-endpoint'],
  [422, 'unrecognised'],
  [429, 'throttled provider rate-limit'],
  [500, 'unavailable outage server-error'],
  [503, 'unavailable outage service-unavailable'],
])('the status %i without a code', (status, outcome) => {
  expect(classified(status, 0)).toBe(outcome);
  expect(classified(status, undefined)).toBe(outcome);
  // Error codes of Node are strings, although the type in Postmark's SDK declares a number.
  expect(classified(status, 'ENOENT' as unknown as number)).toBe(outcome);
});

test('only a 2xx answer with an id and without a code is an acceptance', () => {
  const result = (fields: object, status = 200) => classify({ trace: trace(status), result: fields });
  expect(result({ ErrorCode: 0, Message: 'OK', MessageID: 'm-1' })).toEqual({
    kind: 'accepted',
    providerMessageId: 'm-1',
    detail: 'OK',
  });
  expect(result({ MessageID: 'm-1' }, 299)).toEqual({ kind: 'accepted', providerMessageId: 'm-1', detail: '' });
  for (const MessageID of ['', 7, undefined, null])
    expect(result({ ErrorCode: 0, MessageID })).toEqual({
      kind: 'unknown',
      reason: 'no-message-id',
      status: '200',
      detail: '',
    });
  // The id means that the mail was accepted, but the error code means the opposite. Therefore the outcome is unknown.
  expect(result({ ErrorCode: 406, MessageID: 'm-1' })).toMatchObject({ kind: 'unknown', reason: 'no-message-id' });
  expect(result({ ErrorCode: 406 })).toMatchObject({ kind: 'refused', blames: 'recipient' });
  expect(result({ ErrorCode: 9_999 })).toMatchObject({ kind: 'unknown' });
});

test('a body that is no JSON is kept as words, and nothing else is', () => {
  expect(classify({ trace: trace(200), result: 'a page' })).toMatchObject({ kind: 'unknown', detail: 'a page' });
  expect(classify({ trace: trace(200), result: undefined })).toMatchObject({ kind: 'unknown', detail: '' });
  expect(classify({ trace: trace(200), result: 7 })).toMatchObject({ kind: 'unknown', detail: '' });
  expect(classify({ trace: trace(422), error: { code: 9_999, message: 'no' } })).toMatchObject({ detail: 'no' });
  expect(classify({ trace: trace(422), error: { code: 9_999 }, result: 'page' })).toMatchObject({ detail: 'page' });
});

test('a thrown error has no id, whatever it contains', () => {
  expect(classify({ trace: trace(200), error: { MessageID: 'm-1' } })).toMatchObject({ kind: 'unknown' });
});

test('an answer that was cut off has the meaning of its status, if that is a refusal', () => {
  const cut = (status: number | undefined) =>
    classify({ trace: trace(status, { complete: false, failure: 'ECONNRESET' }), result: { MessageID: 'm-1' } });
  expect(cut(200)).toMatchObject({ kind: 'unknown', reason: 'answer-lost' });
  expect(cut(299)).toMatchObject({ kind: 'unknown', reason: 'answer-lost' });
  const outage = { kind: 'unavailable', blames: 'outage' };
  for (const status of [300, 422])
    expect(cut(status)).toEqual({ ...outage, reason: 'answer-cut', status: `${status}`, detail: `status ${status}` });
  expect(cut(500)).toMatchObject({ ...outage, reason: 'server-error', maybeTaken: true });
  expect(cut(undefined)).toMatchObject({ kind: 'unknown', reason: 'connection-lost' });
  expect(
    classify({ trace: { connected: false, written: false, complete: true }, result: { MessageID: 'm' } }),
  ).toMatchObject({
    reason: 'not-sent',
  });
});

test('a Retry-After is used for a throttled answer only, from the header or from the words', () => {
  const headers = { 'retry-after': '7' };
  expect(answered(422, 429, '', { headers })).toMatchObject({ kind: 'throttled', retryAfterMs: 7_000 });
  expect(answered(422, 429, 'try again in 3 seconds')).toMatchObject({ retryAfterMs: 3_000 });
  expect(answered(422, 406, '', { headers })).not.toHaveProperty('retryAfterMs');
});

test.each([
  [
    'Found inactive addresses: a@x.test, B@x.test. Inactive recipients are ones that have bounced.',
    ['a@x.test', 'b@x.test'],
  ],
  ['Found inactive addresses: a@x.test Inactive recipients are ones', ['a@x.test']],
  [
    'You tried to send to recipients marked inactive.\nFound inactive addresses: a@x.test,\n b@x.test.\n Inactive',
    ['a@x.test', 'b@x.test'],
  ],
  [
    'OK, but will not deliver to these inactive addresses: <a@x.test>, b@x.test. Inactive recipients',
    ['a@x.test', 'b@x.test'],
  ],
  ['will not deliver to these inactive addresses: a@x.test   Inactive recipients', ['a@x.test']],
  ['will not deliver to these inactive addresses: a@x.test, b@x.test', ['a@x.test', 'b@x.test']],
  ['will not deliver to these inactive addresses: b@x.test. ', ['b@x.test']],
  ['will not deliver to these inactive addresses: a@x.test,\n<b@x.test>\n', ['a@x.test', 'b@x.test']],
  ['will not deliver to these inactive addresses: a@x.test.   Inactive recipients', ['a@x.test']],
  ['Something else about a@x.test', []],
  ['', []],
])('"%s" names them', (words, named) => {
  expect(inactiveAmong(['a@x.test', 'b@x.test', 'c@x.test'], words)).toEqual(named);
  expect(inactiveAmong(['A@X.test'], words)).toEqual(named.includes('a@x.test') ? ['A@X.test'] : []);
});

test('a sentence about inactive recipients is recognised', () => {
  expect(namesInactive('these Inactive Addresses: x')).toBe(true);
  expect(namesInactive('inactive recipient')).toBe(true);
  expect(namesInactive('active addresses')).toBe(false);
  expect(namesInactive('inactive sender')).toBe(false);
});

describe('a code 300', () => {
  const of300 = (text: string, status = 422) => answered(status, 300, text);

  test.each([
    "To: Illegal email domain 'localhost'",
    "'To': bad",
    'To address: x',
    'Cc recipient : x',
    '"Bcc" field: x',
    "Error parsing 'To'",
    'Error parsing "Cc": x',
    'Invalid `Bcc` address',
    'Invalid recipient',
  ])('is about one recipient: %s', (text) => {
    for (const status of [200, 422])
      expect(of300(text, status)).toMatchObject({
        kind: 'refused',
        blames: 'message',
        reason: 'invalid-email',
        ofOne: true,
      });
  });

  test.each([
    'Invalid From address',
    "Invalid 'From' address",
    'Error parsing From: x',
    'Error parsing "From"',
    "The 'From' is bad",
  ])('is about the sender: %s', (text) =>
    expect(of300(text)).toMatchObject({ kind: 'unavailable', blames: 'sender', reason: 'sender-refused' }),
  );

  test.each([
    'Provide either email TextBody or HtmlBody',
    'Zero-sized attachments not allowed',
    'Reply too: short',
    'Goto: x',
  ])('is about the message: %s', (text) => {
    expect(of300(text)).toMatchObject({ kind: 'refused', blames: 'message', reason: 'invalid-email' });
    expect(of300(text)).not.toHaveProperty('ofOne');
  });
});
