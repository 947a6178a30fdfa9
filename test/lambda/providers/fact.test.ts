import { expect, test } from 'vitest';
import {
  account,
  cite,
  type Fact,
  meaningIn,
  message,
  oneRecipient,
  outage,
  recipientBusy,
  sender,
  suppressed,
  throttled,
  UNRECOGNISED,
  unknown,
  worker,
} from '../../../lambda/providers/fact.ts';

const source = cite('a page', '2026-11-29');
const first = message('format');
const second = outage('server-error');
const meaning = (fact: Omit<Fact, 'means' | 'source'>, ...parts: Parameters<typeof meaningIn>[1][]) =>
  meaningIn([{ ...fact, means: first, source }], ...parts);

test('a row without conditions matches every answer, and an empty table none', () => {
  expect(meaning({}, { text: '' })).toBe(first);
  expect(meaningIn([], { text: '' })).toBeUndefined();
});

test.each([
  [{ at: ['mail', 'rcpt'] }, { at: 'rcpt' }, { at: 'data' }],
  [{ at: /^from(\.|$)/ }, { at: 'from.email' }, { at: 'fromage' }],
  [{ status: [400, 401] }, { status: 401 }, { status: 402 }],
  [{ status: /^5/ }, { status: '550' }, { status: '450' }],
  [{ code: [300] }, { code: 300 }, { code: 301 }],
  [{ code: /^5\.1\./ }, { code: '5.1.1' }, { code: '5.7.1' }],
  [{ text: /full/i }, { text: 'Mailbox FULL' }, { text: 'Mailbox' }],
] as const)('%o matches %o, and not %o', (fact, matching, other) => {
  expect(meaning(fact, { text: '', ...matching })).toBe(first);
  expect(meaning(fact, { text: '', ...other })).toBeUndefined();
});

test.each([[{ at: ['mail'] }], [{ status: [400] }], [{ code: [300] }]] as const)(
  '%o does not match an answer that lacks the value',
  (fact) => expect(meaning(fact, { text: 'x' })).toBeUndefined(),
);

test('an empty value matches a pattern for it', () => {
  expect(meaning({ code: /^$/ }, { text: 'x' })).toBe(first);
  expect(meaning({ code: /^$/ }, { text: 'x', code: '' })).toBe(first);
});

test('every condition of a row has to hold', () => {
  const fact = { status: [400], text: /size/ } as const;

  expect(meaning(fact, { status: 400, text: 'size' })).toBe(first);
  expect(meaning(fact, { status: 400, text: 'other' })).toBeUndefined();
  expect(meaning(fact, { status: 401, text: 'size' })).toBeUndefined();
});

test('the first row decides that matches any part of an answer, whole rows before parts', () => {
  const facts: Fact[] = [
    { text: /b/, means: first, source },
    { text: /a/, means: second, source },
  ];

  expect(meaningIn(facts, { text: 'a' }, { text: 'b' })).toBe(first);
  expect(meaningIn(facts, { text: 'a' })).toBe(second);
  expect(meaningIn(facts, { text: 'c' })).toBeUndefined();
});

test('the constructors say what is at fault', () => {
  expect(cite('a page', '2026-11-29')).toEqual({ from: 'a page', date: '2026-11-29' });
  expect(account('quota')).toEqual({ kind: 'unavailable', blames: 'account', reason: 'quota' });
  expect(sender('sender-refused')).toEqual({ kind: 'unavailable', blames: 'sender', reason: 'sender-refused' });
  expect(outage('dns')).toEqual({ kind: 'unavailable', blames: 'outage', reason: 'dns' });
  expect(worker('clock-skew')).toEqual({ kind: 'unavailable', blames: 'worker', reason: 'clock-skew' });
  expect(throttled('rate-limit')).toEqual({ kind: 'throttled', of: 'provider', reason: 'rate-limit' });
  expect(recipientBusy('greylisted')).toEqual({ kind: 'throttled', of: 'recipient', reason: 'greylisted' });
  expect(message('format')).toEqual({ kind: 'refused', blames: 'message', reason: 'format' });
  expect(oneRecipient('address')).toEqual({ kind: 'refused', blames: 'message', reason: 'address', ofOne: true });
  expect(suppressed('suppressed')).toEqual({ kind: 'refused', blames: 'recipient', reason: 'suppressed', ofOne: true });
  expect(unknown('no-answer')).toEqual({ kind: 'unknown', reason: 'no-answer' });
  expect(UNRECOGNISED).toEqual({ kind: 'unrecognised', reason: 'unrecognised' });
});
