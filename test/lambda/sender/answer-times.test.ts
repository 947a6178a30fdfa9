import { expect, it } from 'vitest';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { AnswerTimes } from '../../../lambda/sender/answer-times.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { message } from '../../support/planted-mail.ts';

const ACCEPTED: Outcome = { kind: 'accepted', providerMessageId: 'pm-1' };
const LOST: Outcome = { kind: 'unknown', reason: 'no-answer' };
const BROKEN: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
/**
 * `SIZE_MS` is the time in milliseconds that is added for the size of the message. `ROUNDING` is the factor for answer times that
 * are rounded up to the end of their interval in the histogram.
 */
const SIZE_MS = 100;
const ROUNDING = 1.1;

function given() {
  const clock = manualClock();
  const times = new AnswerTimes(clock);
  const answers = (number: number, ms: number, outcome = ACCEPTED, limitMs?: number) => {
    for (let one = 0; one < number; one += 1) times.add('pm', outcome, ms, limitMs);
  };
  return { clock, times, answers, limit: () => times.limitOf('pm', message) };
}

it('there is no limit before the twentieth answer', () => {
  const { answers, limit } = given();

  answers(19, 10);
  expect(limit()).toBeUndefined();
  answers(1, 10);
  expect(limit()).toBeDefined();
});

it.each([
  [10, 1_000],
  [300, 1_000],
  [400, 1_200],
  [1_500, 4_500],
  [9_000, 27_000],
])('a provider that answers after %i ms gets three times this time, and at least a second', (ms, least) => {
  const { answers, limit } = given();

  answers(100, ms);

  expect(limit()).toBeGreaterThanOrEqual(least);
  expect(limit()).toBeLessThanOrEqual(least * ROUNDING + SIZE_MS);
});

it('the limit follows the second slowest of a hundred answers', () => {
  const { answers, limit } = given();

  answers(198, 10);
  answers(2, 5_000);
  expect(limit()).toBeLessThan(1_000 + SIZE_MS);
  answers(1, 5_000);
  expect(limit()).toBeGreaterThanOrEqual(15_000);
});

it('an answer counts for at least a minute and at most seventy seconds', async () => {
  const { clock, answers, limit } = given();
  answers(30, 2_000);

  await clock.pass(60_000);
  expect(limit()).toBeGreaterThanOrEqual(6_000);
  await clock.pass(10_001);
  expect(limit()).toBeUndefined();
});

it('answers with a time in the future no longer count after the clock was set back', async () => {
  const { clock, answers, limit } = given();
  answers(30, 10);

  await clock.pass(-3_600_000);

  expect(limit()).toBeUndefined();
});

it('errors do not count, since an error may arrive sooner than an acceptance', () => {
  const { answers, limit } = given();
  answers(20, 3_000);

  answers(10_000, 5, BROKEN);

  expect(limit()).toBeGreaterThanOrEqual(9_000);
});

it('the limit does not change while a provider hangs', () => {
  const { answers, limit } = given();
  answers(100, 10);
  const before = limit();

  answers(10, 1_100, LOST, 1_100);

  expect(limit()).toBe(before);
});

it('the limit grows if a provider accepts mail after lost answers: the provider is slow, and does not hang', () => {
  const { answers, limit } = given();
  answers(100, 10);

  answers(4, 1_100, LOST, 1_100);
  answers(1, 10);
  expect(limit()).toBeGreaterThanOrEqual(3_300);
  answers(4, 3_700, LOST, 3_700);
  answers(1, 10);
  expect(limit()).toBeGreaterThanOrEqual(10_000);
});

it('the limit does not grow because of answers that were lost before the limit had passed', () => {
  const { answers, limit } = given();
  answers(100, 10);

  answers(50, 900, LOST, 1_100);
  answers(1, 10);

  expect(limit()).toBeLessThan(1_000 + SIZE_MS);
});

it('the limit of a large message includes the time of its upload', () => {
  const { answers, times } = given();
  answers(100, 10);
  const file = { filename: 'a.pdf', contentType: 'application/pdf', content: Buffer.alloc(3 * 1024 * 1024) };

  const limit = times.limitOf('pm', { ...message, attachments: [file] });

  expect(limit).toBeGreaterThan(16_000);
});

it('every provider has its own limit', () => {
  const { answers, times } = given();
  answers(100, 10);

  expect(times.limitOf('mg', message)).toBeUndefined();
});
