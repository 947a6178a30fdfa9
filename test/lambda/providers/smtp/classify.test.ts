import { expect, test } from 'vitest';
import { classifyFailure, classifyReply, type SmtpFailure } from '../../../../lambda/providers/smtp/classify.ts';
import type { SmtpStage } from '../../../../lambda/providers/smtp/facts.ts';
import { reasonedMeaning } from '../outcome-words.ts';
import { smtpFixtures } from './fixtures.ts';
import { WORDINGS } from './wordings.ts';

const reply = (stage: SmtpStage, text: string) => reasonedMeaning(classifyReply(stage, text));
const BEFORE = { began: false, written: false };
const BEGAN = { began: true, written: false };
const WRITTEN = { began: true, written: true };
const failed = (failure: SmtpFailure, progress = BEFORE) => reasonedMeaning(classifyFailure(failure, progress));

test.each(smtpFixtures)('the recorded reply %s', (_, { stage, reply: text, expected }) => {
  // nodemailer reports the reply to the final dot only within a failure.
  const outcome = stage === 'end' ? classifyFailure({ response: text }, WRITTEN) : classifyReply(stage, text);
  expect(outcome).toMatchObject(expected);
});

test.each(WORDINGS)('at %s: %s is %s', (stage, text, meaning) => {
  const outcome = stage === 'end' ? classifyFailure({ response: text }, WRITTEN) : classifyReply(stage, text);
  expect(reasonedMeaning(outcome)).toBe(meaning);
});

test('the enhanced status is read at its position only', () => {
  expect(reply('rcpt', '550 5.1.1 no such user')).toBe('refused message recipient-unknown');
  expect(reply('rcpt', '550-5.2.1 disabled\r\n550 5.2.1 really')).toBe('refused message recipient-disabled');
  expect(reply('rcpt', '550 5.1.10 null MX')).toBe('refused message recipient-domain');
  expect(reply('rcpt', '550 5.2.123 x')).toBe('refused message recipient-disabled');
  for (const text of [
    '550 x 5.2.1',
    '550 said 550 5.2.1 x',
    '550 3.2.1 x',
    '550 5.2 x',
    '550 5.2.1234 x',
    '550 15.2.1 x',
    '5505.2.1 x',
    '550  5.2.1 x',
  ])
    expect(reply('rcpt', text.replace('x', 'no such user')), text).toBe('refused message recipient-unknown');
});

test('the words of a reply are read without its codes, on every line', () => {
  expect(reply('mail', '550-first line\r\n550 relay access denied')).toBe('unavailable account relay-denied');
  expect(reply('mail', '550-unable to\n550-relay')).toBe('unavailable account relay-denied');
  expect(reply('rcpt', '550-unable\r\n550 to relay')).toBe('unavailable account relay-denied');
  expect(reply('rcpt', '550spf')).toBe('unavailable sender domain-authentication');
  expect(reply('rcpt', '550-no\n550-spf')).toBe('unavailable sender domain-authentication');
});

test('a reply outside of this protocol is neither acceptance nor refusal', () => {
  for (const text of ['', 'HTTP/1.1 400', '250 OK', '354 go on', '999 x'])
    expect(classifyReply('end', text)).toMatchObject({ kind: 'unavailable', blames: 'outage', reason: 'protocol' });
  expect(classifyReply('mail', '250 for a@x.test')).toMatchObject({ detail: '250 for <address>' });
  expect(classifyReply('rcpt', '550 no a@x.test')).toMatchObject({ detail: '550 no <address>' });
});

test.each<[SmtpFailure, string]>([
  [{ command: 'EHLO' }, 'unavailable account client-refused'],
  [{ command: 'HELO' }, 'unavailable account client-refused'],
  [{ command: 'CONN' }, 'unavailable account client-refused'],
  [{}, 'unavailable account client-refused'],
  [{ command: 'STARTTLS' }, 'unavailable outage tls'],
  [{ command: 'AUTH PLAIN' }, 'unavailable account authentication'],
  [{ command: 'AUTH' }, 'unavailable account authentication'],
  [{ command: 'X AUTH' }, 'unavailable account client-refused'],
  [{ command: 'MAIL FROM' }, 'unavailable sender sender-refused'],
  [{ command: 'RCPT TO' }, 'refused message recipient-policy'],
  [{ command: 'DATA' }, 'refused message policy'],
])('a refusal is read at the stage of its command: %j', (failure, outcome) => {
  expect(failed({ ...failure, response: '550 5.7.1 denied' })).toBe(outcome);
});

test('a greeting that refuses all mail is distinguished from a refused EHLO', () => {
  const response = '554 nothing here';
  for (const command of ['EHLO', 'HELO']) expect(failed({ command, response })).toBe('unavailable outage session');
  for (const command of ['CONN', 'HELP'])
    expect(failed({ command, response })).toBe('unavailable outage no-mail-service');
});

test('a refusal is read at DATA or at the final dot, depending on how much of the message was sent', () => {
  const response = '599 what';
  expect(failed({ command: 'MAIL FROM', response })).toBe('unrecognised');
  expect(failed({ command: 'MAIL FROM', response }, BEGAN)).toBe('unrecognised');
  expect(failed({ command: 'MAIL FROM', response }, WRITTEN)).toBe('unrecognised');
  expect(failed({ command: 'DATA', code: 'EMESSAGE', response: '250 odd' })).toBe('unavailable outage protocol');
  expect(failed({ command: 'RCPT TO', code: 'EMESSAGE', response: '551 moved' })).toBe(
    'refused message recipient-moved',
  );
});

test.each<[string, string]>([
  ['EAUTH', 'unavailable account authentication'],
  ['ENOAUTH', 'unavailable account authentication'],
  ['EMESSAGE', 'refused message too-large'],
  ['EENVELOPE', 'refused message address'],
  ['ETLS', 'unavailable outage tls'],
  ['EPROTOCOL', 'unavailable outage protocol'],
  ['DEADLINE', 'unavailable outage no-answer'],
  ['ESOCKET', 'unavailable outage connection-lost'],
  ['ETIMEDOUT', 'unavailable outage connection-lost'],
])('without a reply the code %s decides, before the body was sent', (code, outcome) => {
  for (const progress of [BEFORE, BEGAN]) {
    expect(failed({ code, command: 'MAIL FROM' }, progress)).toBe(outcome);
    expect(classifyFailure({ code, command: 'MAIL FROM' }, progress)).toMatchObject({ detail: code });
  }
});

test.each<[SmtpFailure, string]>([
  [{ code: 'ETIMEDOUT' }, 'unknown no-answer'],
  [{ code: 'DEADLINE' }, 'unknown no-answer'],
  [{ code: 'ECONNECTION' }, 'unknown connection-lost'],
  [{}, 'unknown connection-lost'],
  [{ code: 'EAUTH' }, 'unknown connection-lost'],
  [{ response: '250 odd' }, 'unknown unreadable-answer'],
  [{ response: 'x500' }, 'unknown unreadable-answer'],
  [{ response: '55' }, 'unknown unreadable-answer'],
  [{ response: '550 5.7.1 no' }, 'refused message policy'],
  [{ response: '421 closing' }, 'unavailable outage service-unavailable'],
])('after the body was sent the outcome is unknown, unless the reply decides it: %j', (failure, outcome) => {
  expect(failed(failure, WRITTEN)).toBe(outcome);
});

test('an unclear reply decides by its words where the body was sent, otherwise by its stage', () => {
  expect(classifyFailure({ response: 'odd a@x.test' }, WRITTEN)).toMatchObject({ detail: 'odd <address>' });
  expect(classifyFailure({ response: 'odd', command: 'MAIL FROM' }, BEFORE)).toMatchObject({
    kind: 'unavailable',
    reason: 'protocol',
    detail: 'odd',
  });
});

test.each<[SmtpFailure, string]>([
  [{ code: 'EDNS', originalCode: 'ENOTFOUND' }, 'unavailable outage dns'],
  // The DNS server refused the connection; the mail server did not.
  [{ code: 'EDNS', originalCode: 'ECONNREFUSED' }, 'unavailable outage dns'],
  [{ code: 'ETIMEDOUT', originalCode: 'ECONNRESET' }, 'unavailable outage connect-timeout'],
  [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, 'unavailable outage connection-refused'],
  [{ code: 'ESOCKET', originalCode: 'CERT_HAS_EXPIRED' }, 'unavailable outage tls'],
  [{ code: 'ESOCKET', originalCode: 'CERT_NOT_YET_VALID' }, 'unavailable worker clock-skew'],
  [{ code: 'ESOCKET', originalCode: 'EMFILE' }, 'unavailable worker local-limit'],
  [{ code: 'ESOCKET', originalCode: 'ECONNRESET' }, 'unavailable outage connection-lost'],
  [{ code: 'ESOCKET', originalCode: 'EPIPE' }, 'unavailable outage connection-lost'],
  [{ code: 'ECONNECTION' }, 'unavailable outage connection-lost'],
  [{ code: 'ESOCKET' }, 'unavailable outage connect-failed'],
  [{}, 'unavailable outage not-sent'],
])('a connection that was never established has the same reason as at the HTTP providers: %j', (failure, outcome) => {
  expect(failed({ ...failure, command: 'CONN' })).toBe(outcome);
  expect(failed({ ...failure, command: 'CONN' }, BEGAN)).toBe('unavailable outage connection-lost');
  expect(failed({ ...failure, command: 'EHLO' })).toBe('unavailable outage connection-lost');
});

test('the first cause is given, if there is one', () => {
  const detail = (failure: SmtpFailure) => classifyFailure({ ...failure, command: 'EHLO' }, BEFORE).detail;
  expect(detail({ code: 'ESOCKET', originalCode: 'ECONNRESET' })).toBe('ECONNRESET');
  expect(detail({ code: 'ESOCKET' })).toBe('ESOCKET');
  expect(detail({})).toBe('no answer');
});
