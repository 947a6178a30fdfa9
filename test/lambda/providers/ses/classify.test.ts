import { expect, test } from 'vitest';
import { classify } from '../../../../lambda/providers/ses/classify.ts';
import type { WireTrace } from '../../../../lambda/providers/wire.ts';
import { reasonedMeaning } from '../outcome-words.ts';
import { trace } from '../trace.ts';

const classified = (answer: { name?: string; words?: string; recipients?: number }, more: Partial<WireTrace> = {}) =>
  reasonedMeaning(classify({ trace: trace(400, more), ...answer }));

const NAMES: readonly (readonly [outcome: string, ...names: string[]])[] = [
  [
    'throttled provider rate-limit',
    'TooManyRequestsException',
    'Throttling',
    'ThrottlingException',
    'RequestLimitExceeded',
  ],
  ['throttled provider limit-exceeded', 'LimitExceeded', 'LimitExceededException'],
  ['unavailable account account-suspended', 'AccountSuspended', 'AccountSuspendedException'],
  ['unavailable account sending-paused', 'SendingPausedException', 'AccountSendingPausedException'],
  ['unavailable account sending-paused', 'ConfigurationSetSendingPausedException'],
  ['unavailable sender mail-from-not-verified', 'MailFromDomainNotVerified', 'MailFromDomainNotVerifiedException'],
  ['unavailable account configuration-missing', 'NotFoundException', 'ConfigurationSetDoesNotExist'],
  ['unavailable account configuration-missing', 'ConfigurationSetDoesNotExistException'],
  ['unavailable worker clock-skew', 'RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'],
  ['unavailable worker credentials-refused', 'ExpiredToken', 'ExpiredTokenException', 'IncompleteSignature'],
  ['unavailable worker credentials-refused', 'IncompleteSignatureException', 'UnrecognizedClientException'],
  ['unavailable worker credentials-refused', 'InvalidClientTokenId', 'InvalidSignatureException'],
  ['unavailable worker credentials-refused', 'SignatureDoesNotMatch', 'MissingAuthenticationToken'],
  ['unavailable worker credentials-refused', 'MissingAuthenticationTokenException', 'InvalidAccessKeyId'],
  ['unavailable account authentication', 'NotAuthorized', 'AuthFailure'],
  ['unavailable worker credentials-refused', 'CredentialsProviderError', 'TokenProviderError'],
  ['unavailable account access-denied', 'AccessDenied', 'AccessDeniedException'],
  ['unavailable account not-subscribed', 'OptInRequired'],
  ['unavailable account wrong-url', 'UnknownOperation', 'UnknownOperationException'],
  ['refused message too-large', 'RequestEntityTooLarge', 'RequestEntityTooLargeException'],
  ['unrecognised', 'MessageRejected', 'MessageRejectedException', 'BadRequest', 'BadRequestException'],
  ['unrecognised', 'ValidationError', 'ValidationException'],
  ['refused message format', 'InvalidParameterValue', 'MalformedHttpRequest', 'MalformedHttpRequestException'],
  ['refused message format', 'SerializationException'],
  ['unknown no-answer', 'RequestAborted', 'RequestAbortedException', 'RequestTimeout', 'RequestTimeoutException'],
  ['unavailable outage conflict', 'ConflictException', 'ConcurrentModificationException'],
  ['unavailable outage service-unavailable', 'ServiceUnavailable', 'ServiceUnavailableException'],
];

test.each(NAMES)('%s is the meaning of these names, and not of longer ones: %s', (outcome, ...names) => {
  for (const name of names) {
    expect(classified({ name })).toBe(outcome);
    for (const other of [`Not${name}`, `${name}s`]) expect(classified({ name: other })).toBe('unrecognised');
  }
});

const WORDS: readonly (readonly [outcome: string, ...words: string[]])[] = [
  ['unavailable account daily-quota', 'Daily message quota exceeded.', 'Your daily sending quota is used up'],
  ['unavailable account daily-quota', '24 hour quota', '24-hour sending quota', '24hour period quota'],
  ['unavailable account daily-quota', '24-hour period sending quota'],
  ['throttled provider rate-limit', 'Maximum sending rate exceeded.', 'sending rate exceeded'],
  [
    'unavailable account account-suspended',
    'Your account is suspended',
    'account has been suspended',
    'suspended account',
  ],
  ['unavailable account sending-paused', 'Sending paused for this account', 'sending is paused', 'sending is disabled'],
  ['unavailable account sending-paused', 'Sending has been disabled'],
  ['unavailable sender identity-not-verified', 'Email address is not verified.', 'it has not been verified'],
  ['unavailable sender identity-not-verified', 'identities failed the check in region EU-WEST-1'],
  ['unavailable account sandbox', 'your account is in the sandbox'],
  [
    'unavailable account configuration-missing',
    'Configuration set <main> does not exist',
    'configuration-set x not found',
  ],
  ['unavailable account configuration-missing', "ConfigurationSet my set doesn't exist"],
  ['unavailable worker clock-skew', 'Signature expired: 2026', 'Signature not yet current'],
  ['unavailable worker clock-skew', 'The security token included is not yet valid'],
  ['refused recipient suppressed', 'Address is on the suppression list', 'address on my account suppression list'],
  ['refused recipient suppressed', 'address suppressed', 'Address is blacklisted', 'address blacklisted'],
  ['refused message virus', 'contains a virus', 'malware found', 'is infected'],
  [
    'refused message format',
    'Header too long',
    'header name is too long',
    'header value too long',
    'header is too long',
  ],
  [
    'refused message format',
    'Duplicate header',
    "Missing required header 'From'",
    'invalid header',
    'Transaction failed',
  ],
  [
    'refused message too-large',
    'Message length is more than',
    'message size',
    'too large',
    'request is too very large',
  ],
  ['refused message too-large', 'more than 41943040 bytes long', 'exceed the maximum size', 'exceeds 40 bytes'],
  ['refused message too-large', 'exceeds size', 'a size limit'],
  ['refused message too-many-recipients', 'Recipient count exceeds 50', 'too many recipients'],
  [
    'refused message attachment-type',
    'attachment x is not allowed',
    'file type not supported',
    'extension unsupported',
  ],
  ['refused message attachment-type', 'mime of this kind prohibited', 'unsupported attachment', 'unsupported mime'],
  ['refused message attachment-type', 'Unsupported file'],
  ['refused message address', 'Illegal address', "Missing final '@domain'", 'missing final @domain', 'invalid domain'],
  [
    'refused message address',
    'Invalid email',
    'invalid address',
    'missing domain',
    'Missing local',
    'local-part is bad',
  ],
  ['refused message address', 'Local address contains', 'domain contains', 'domain starts with a dot', 'Domain ends'],
  ['refused message address', 'contains control or whitespace', 'localpart', 'local part'],
];

test.each(WORDS)('%s is the meaning of these words: %s', (outcome, ...words) => {
  for (const said of words) {
    expect(classified({ words: said }), said).toBe(outcome);
    // The error page of a broken gateway is not an answer of SES.
    expect(classified({ words: said }, { status: 500 }), said).toBe('unavailable outage server-error');
    expect(classified({ words: said }, { status: 499 }), said).toBe(outcome);
  }
});

test.each([
  [302, 'unavailable account wrong-url'],
  [399, 'unavailable account wrong-url'],
  [400, 'unrecognised'],
  [401, 'unavailable account authentication'],
  [403, 'unavailable account access-denied'],
  [404, 'unavailable account wrong-url'],
  [405, 'unavailable account wrong-url'],
  [408, 'unknown no-answer'],
  [415, 'unavailable account wrong-url'],
  [429, 'throttled provider rate-limit'],
  [503, 'unavailable outage service-unavailable'],
  [199, 'unavailable account wrong-url'],
])('the status %i alone', (status, outcome) => {
  expect(classified({}, { status })).toBe(outcome);
});

test('only an answer with an id is an acceptance', () => {
  for (const status of [200, 299])
    expect(classify({ trace: trace(status), messageId: 'm-1' })).toEqual({
      kind: 'accepted',
      providerMessageId: 'm-1',
    });
  for (const messageId of ['', 7, undefined])
    expect(classify({ trace: trace(200), messageId, name: 'Odd', words: 'page' })).toEqual({
      kind: 'unknown',
      reason: 'no-message-id',
      status: '200',
      detail: 'page',
    });
  expect(classify({ trace: trace(200), name: 'Odd' })).toMatchObject({ detail: 'Odd' });
  expect(classify({ trace: trace(200, { complete: false, failure: 'ECONNRESET' }) })).toMatchObject({
    kind: 'unknown',
    reason: 'answer-lost',
  });
  expect(classify({ trace: trace(300), messageId: 'm-1' })).toMatchObject({ kind: 'unavailable' });
  expect(classify({ trace: { connected: false, written: false, complete: false }, messageId: 'm-1' })).toMatchObject({
    reason: 'not-sent',
  });
});

test("without a status the network error decides, and the SDK's error only without that", () => {
  const none = { connected: false, written: false, complete: false };
  const name = 'CredentialsProviderError';
  expect(classify({ trace: none, name })).toMatchObject({ reason: 'credentials-refused' });
  expect(classify({ trace: none, words: 'sandbox' })).toMatchObject({ reason: 'sandbox' });
  expect(classify({ trace: { ...none, failure: 'ECONNREFUSED' }, name })).toMatchObject({
    reason: 'connection-refused',
  });
  expect(classify({ trace: { ...none, connected: true }, name })).toMatchObject({ reason: 'connection-lost' });
  expect(classify({ trace: none })).toMatchObject({ kind: 'unavailable', reason: 'not-sent' });
});

test('a status of refusal counts even if its answer is cut off', () => {
  const cut = trace(400, { complete: false, failure: 'ECONNRESET' });
  expect(classify({ trace: cut })).toEqual({
    kind: 'unavailable',
    blames: 'outage',
    reason: 'answer-cut',
    status: '400',
    detail: 'ECONNRESET',
  });
  expect(classify({ trace: trace(400, { complete: false }) })).toMatchObject({ reason: 'answer-cut', detail: '' });
});

test('the words of SES are kept, with its name for them', () => {
  expect(classify({ trace: trace(400), name: 'MessageRejected', words: 'no' })).toMatchObject({
    detail: 'MessageRejected: no',
  });
  expect(classify({ trace: trace(400), name: 'MessageRejected' })).toMatchObject({ detail: 'MessageRejected' });
  expect(classify({ trace: trace(400) })).toMatchObject({ detail: '' });
});

test('a Retry-After is used for a throttled answer, and not for a refusal', () => {
  const headers = { 'retry-after': '7' };
  expect(classify({ trace: trace(400, { headers }), name: 'Throttling' })).toMatchObject({ retryAfterMs: 7_000 });
  expect(classify({ trace: trace(400, { headers }), name: 'MessageRejected' })).not.toHaveProperty('retryAfterMs');
});

test('a refusal because of one address is marked as such, and no other one', () => {
  for (const words of ['address is suppressed', 'Illegal address'])
    expect(classify({ trace: trace(400), words })).toHaveProperty('ofOne', true);
  expect(classify({ trace: trace(400), words: 'contains a virus' })).not.toHaveProperty('ofOne');
});

test('MessageRejected is about the message only where its words say so', () => {
  const rejected = (words: string) => classified({ name: 'MessageRejected', words });
  for (const words of ['Bad content', 'looks like spam', 'unsolicited', 'phishing', 'against our policy'])
    expect(rejected(words), words).toBe('refused message content');
  expect(rejected('Something new.')).toBe('unrecognised');
  expect(classified({ name: 'ValidationException', words: '1 validation error detected: Value' })).toBe(
    'refused message format',
  );
  expect(classified({ name: 'ValidationError', words: "'x' failed to satisfy constraint" })).toBe(
    'refused message format',
  );
});
