import { expect, test } from 'vitest';
import { excessOf, RATE_LIMITS } from '../../../lambda/reputation/limits.ts';

const counts = (mails: number, bounces = 0, complaints = 0) => ({ mails, bounces, complaints });
const quiet = (hours: number) => new Array(hours).fill(counts(0));

test.each([
  ['without mail', counts(0), undefined],
  ['at the limit of bounces', counts(1_000, 40), undefined],
  ['above the limit of bounces', counts(1_000, 41), { of: 'bounces', rate: 0.041, mails: 1_000 }],
  ['with few mails, all of which bounce', counts(199, 199), undefined],
  ['with few bounces', counts(200, 9), undefined],
  ['with ten bounces of 200', counts(200, 10), { of: 'bounces', rate: 0.05, mails: 200 }],
  ['at the limit of complaints', counts(10_000, 0, 8), undefined],
  ['above the limit of complaints', counts(10_000, 0, 9), { of: 'complaints', rate: 0.0009, mails: 10_000 }],
  ['with two complaints of 200', counts(200, 0, 2), undefined],
  ['with more bounces than mails', counts(200, 300), { of: 'bounces', rate: 1, mails: 200 }],
])('a class %s', (_, hour, expected) => {
  expect(excessOf([hour], RATE_LIMITS)).toEqual(expected);
});

test('the default limits are below those from which SES reviews an account', () => {
  expect(RATE_LIMITS.bounces).toBeLessThan(0.05);
  expect(RATE_LIMITS.complaints).toBeLessThan(0.001);
});

test('bounces of a day count, and complaints of a week', () => {
  expect(excessOf([...quiet(23), counts(1_000, 100)], RATE_LIMITS)).toMatchObject({ of: 'bounces' });
  expect(excessOf([...quiet(24), counts(1_000, 100)], RATE_LIMITS)).toBeUndefined();
  expect(excessOf([counts(0, 0, 5), ...quiet(166), counts(1_000)], RATE_LIMITS)).toMatchObject({ of: 'complaints' });
  expect(excessOf([counts(0, 0, 5), ...quiet(167), counts(1_000)], RATE_LIMITS)).toBeUndefined();
});

test('a class may have limits of its own', () => {
  expect(excessOf([counts(1_000, 41)], { ...RATE_LIMITS, bounces: 0.1 })).toBeUndefined();
  expect(excessOf([counts(10_000, 0, 5)], { ...RATE_LIMITS, complaints: 0.0004 })).toMatchObject({ of: 'complaints' });
});
