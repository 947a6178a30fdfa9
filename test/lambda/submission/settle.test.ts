import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, MAX_AGE_MS, MAX_DELAY_MS, MIN_DELAY_MS, unknownDelay } from '../../../lambda/submission/backoff.ts';
import { EMPTY_LOG, type StoredAttempt } from '../../../lambda/submission/log.ts';
import { declareHeld } from '../../../lambda/submission/progress.ts';
import { progressOf } from '../../../lambda/submission/replay.ts';
import { settle } from '../../../lambda/submission/settle.ts';

const rules = { onUnknown: 'ask', vendorOf: (key: string) => key } as const;
const attempt = (provider: string, each: string): StoredAttempt => {
  return { worker: 'w', number: 1, provider, account: { type: 'postmark' }, begun: 1, each, ended: 2 };
};
/**
 * Returns the progress after some attempts. Each attempt is a pair: a provider, and a string with one letter for each recipient
 * (the outcome for this recipient).
 */
const progressAfter = (addresses: readonly string[], done: readonly number[], ...attempts: [string, string][]) =>
  progressOf({ ...EMPTY_LOG, done, attempts: attempts.map((one) => attempt(...one)) }, addresses, rules);

const open = progressAfter(['a@x'], []);

describe('backoff', () => {
  it('grows from a minute to an hour and never unsupported', () => {
    fc.assert(
      fc.property(fc.nat({ max: MAX_AGE_MS }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (age, random) => {
        const delay = backoff(age, random);
        expect(delay).toBeGreaterThanOrEqual(MIN_DELAY_MS);
        expect(delay).toBeLessThanOrEqual(MAX_DELAY_MS);
        expect(backoff(age + 1_000, random)).toBeGreaterThanOrEqual(delay);
      }),
    );
    expect(backoff(0, 0)).toBe(MIN_DELAY_MS);
    expect(backoff(MAX_AGE_MS, 0)).toBeGreaterThan(MAX_DELAY_MS * 0.7);
  });

  it('waits one to two minutes after a lost answer', () => {
    expect(unknownDelay(0)).toBe(60_000);
    expect(unknownDelay(0.5)).toBe(90_000);
    expect(unknownDelay(0.999)).toBeLessThan(120_001);
  });
});

describe('settle', () => {
  it('retries what no provider accepted', () => {
    expect(settle(open, { ageMs: 0, random: 0 })).toEqual({ kind: 'retry', delayMs: MIN_DELAY_MS });
  });

  it('waits as long as a throttling provider asks', () => {
    expect(settle(open, { ageMs: 0, random: 0, retryAfterMs: 300_000 })).toEqual({ kind: 'retry', delayMs: 300_000 });
  });

  it('retries more often near the end, by halves, and then expires', () => {
    expect(settle(open, { ageMs: 0, expiresInMs: 60_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 30_000 });
    expect(settle(open, { ageMs: 0, expiresInMs: 15_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 10_000 });
    expect(settle(open, { ageMs: 0, expiresInMs: 9_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 60_000 });
  });

  it('waits out a lost answer even when the end is near', () => {
    const progress = { ...open, recipients: open.recipients.map((one) => ({ ...one, waiting: true })) };
    expect(settle(progress, { ageMs: 0, expiresInMs: 20_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 60_000 });
  });

  it('waits longer for repeated unknown answers, the older the first of them is', () => {
    const progress = { ...open, recipients: open.recipients.map((one) => ({ ...one, waiting: true })) };
    const waitOf = (unknownMs: number) => settle(progress, { ageMs: 0, unknownMs, random: 0 });
    expect(waitOf(90_000)).toEqual({ kind: 'retry', delayMs: 90_000 });
    expect(waitOf(1_200_000)).toEqual({ kind: 'retry', delayMs: 1_200_000 });
    expect(waitOf(MAX_AGE_MS)).toMatchObject({ delayMs: expect.closeTo(MAX_DELAY_MS / 1.25, -3) });
  });

  it('never waits longer than an hour, whatever a provider asks', () => {
    expect(settle(open, { ageMs: 0, random: 0, retryAfterMs: 86_400_000 })).toEqual({
      kind: 'retry',
      delayMs: MAX_DELAY_MS,
    });
  });

  it.each([
    ['Exhausted', { ageMs: MAX_AGE_MS }],
    ['Expired', { ageMs: 0, expiresInMs: 0 }],
  ] as const)('ends with %s when the time is up', (reason, circumstances) => {
    expect(settle(open, { ...circumstances, random: 0 })).toMatchObject({ kind: 'dead-letter', reason });
  });

  it('allows an expiry unsupported four days', () => {
    expect(settle(open, { ageMs: MAX_AGE_MS, expiresInMs: 3_600_000, random: 0 }).kind).toBe('retry');
  });

  it('ends with the refusal even when others accepted', () => {
    const progress = progressAfter(['a@x', 'b@x'], [0], ['p', '-r'], ['q', '-r']);

    expect(settle(progress, { ageMs: 0, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Refused',
      detail: 'refused by p and q for 1 of 2 recipients',
    });
  });

  it('does not miss a provider that may recover at any time because another one named a long wait', () => {
    const waits = (more: object) =>
      settle(open, { ageMs: 5_000, random: 0, againAfterMs: 3_600_000, ...more }) as { delayMs: number };

    expect(waits({}).delayMs).toBe(3_600_000);
    expect(waits({ orSooner: true }).delayMs).toBe(60_000);
    expect(waits({ orSooner: true, againAfterMs: 7_000 }).delayMs).toBe(7_000);
  });

  it('is done when every recipient is served or suppressed', () => {
    const progress = progressAfter(['a@x', 'b@x'], [0, 1]);
    const suppressed = { ...open, recipients: open.recipients.map((one) => ({ ...one, end: 'suppressed' as const })) };

    expect(settle(progress, { ageMs: MAX_AGE_MS, random: 0 })).toEqual({ kind: 'done' });
    expect(settle(suppressed, { ageMs: MAX_AGE_MS, random: 0 })).toEqual({ kind: 'done' });
  });

  it('dead-letters what must not be sent twice, and names the providers with unknown answers', () => {
    const lost = progressAfter(['a@x', 'b@x', 'c@x'], [2], ['p', '?-?'], ['q', '??-'], ['r', '--?']);
    const settled = { ...lost, recipients: lost.recipients.map((one) => ({ ...one, waiting: false })) };

    expect(settle(declareHeld(settled), { ageMs: 0, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Unknown',
      detail: 'the answer of p and q was lost, and no look-up found the mail; onUnknown is hold',
    });
  });

  it('names only the providers that refused it for a recipient for which it failed', () => {
    const progress = progressAfter(['a@x', 'b@x'], [0], ['o', 'r-'], ['p', '-r'], ['q', '-r']);

    expect(settle(progress, { ageMs: 0, random: 0 })).toMatchObject({
      detail: 'refused by p and q for 1 of 2 recipients',
    });
  });

  it('ends what has more attempts than a record may have, but not while an answer may come', () => {
    const many = (count: number) => ({
      ...open,
      log: { ...EMPTY_LOG, attempts: Array(count).fill(attempt('p', 'r')) },
    });
    expect(settle(many(150), { ageMs: 0, random: 0 }).kind).toBe('retry');
    expect(settle(many(151), { ageMs: 0, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Exhausted',
      detail: 'no provider accepted it for all recipients, and more than 150 attempts had different results',
    });
    const waiting = { ...many(151), recipients: open.recipients.map((one) => ({ ...one, waiting: true })) };
    expect(settle(waiting, { ageMs: 0, random: 0 }).kind).toBe('retry');
  });

  it('says why the time is up', () => {
    expect(settle(open, { ageMs: MAX_AGE_MS, random: 0 })).toMatchObject({
      detail: 'no provider accepted it within four days',
    });
    expect(settle(open, { ageMs: 0, expiresInMs: -1, random: 0 })).toMatchObject({
      detail: 'the time of expiresAt, or the expiry of its class, has passed; it was not sent after this time',
    });
  });

  it('waits for an unknown answer about one recipient before it tries the others again', () => {
    const two = progressAfter(['a@x', 'b@x'], []);
    const progress = { ...two, recipients: two.recipients.map((one, place) => ({ ...one, waiting: place === 1 })) };

    expect(settle(progress, { ageMs: 1_000_000, random: 0.5 })).toEqual({ kind: 'retry', delayMs: 90_000 });
  });

  it('retries as soon as a skipped provider said', () => {
    expect(settle(open, { ageMs: 1_000_000, random: 0, againAfterMs: 2_000 })).toEqual({
      kind: 'retry',
      delayMs: 2_000,
    });
    expect(settle(open, { ageMs: 0, random: 0.5, againAfterMs: 0 })).toEqual({ kind: 'retry', delayMs: 2_500 });
    expect(settle(open, { ageMs: 0, random: 0.5, againAfterMs: 40_000 })).toEqual({ kind: 'retry', delayMs: 45_000 });
    expect(settle(open, { ageMs: 0, random: 0.5, againAfterMs: 3_599_000 })).toEqual({
      kind: 'retry',
      delayMs: MAX_DELAY_MS,
    });
  });

  it('waits an eighth of the usual time while a provider is offered smaller groups', () => {
    expect(settle(open, { ageMs: 4_000_000, random: 0, unfinished: true })).toEqual({
      kind: 'retry',
      delayMs: 500_000,
    });
    expect(settle(open, { ageMs: 0, random: 0, unfinished: true })).toEqual({ kind: 'retry', delayMs: MIN_DELAY_MS });
  });

  it('expires when there is no time for one more try', () => {
    expect(settle(open, { ageMs: 0, expiresInMs: 10_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 60_000 });
    expect(settle(open, { ageMs: 0, expiresInMs: 10_001, random: 0 })).toEqual({ kind: 'retry', delayMs: 10_000 });
  });
});

describe('a dead letter', () => {
  it('of mail that came days late says that no provider was tried', () => {
    expect(settle(open, { ageMs: 0, stale: true, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Exhausted',
      detail: 'it was first received more than five days after it was sent; no provider was tried',
    });
  });

  it('names no provider whose refusal concerned only recipients that another one served', () => {
    const mixed = progressAfter(['a@x', 'b@x'], [0], ['p', 'rr'], ['q', '-r'], ['s', 'r-']);

    expect(settle(mixed, { ageMs: 0, random: 0 })).toMatchObject({
      reason: 'Refused',
      detail: 'refused by p and q for 1 of 2 recipients',
    });
    const other = { address: 'c@x', end: 'accepted', refusedBy: ['t'], unknownAt: ['t'] } as const;
    const [refused] = progressAfter(['a@x'], [], ['p', 'r'], ['q', 'r']).recipients;
    const [held] = declareHeld(progressAfter(['a@x'], [], ['p', '?'])).recipients;
    if (!refused || !held) throw new Error('no recipient');
    const withOther = (one: typeof refused) => ({ ...mixed, recipients: [one, { ...one, ...other }] });
    expect(settle(withOther(refused), { ageMs: 0, random: 0 })).toMatchObject({
      detail: 'refused by p and q for 1 of 2 recipients',
    });
    expect(settle(withOther({ ...held, end: 'held' }), { ageMs: 0, random: 0 })).toMatchObject({
      detail: 'the answer of p was lost, and no look-up found the mail; onUnknown is hold',
    });
  });

  it('of an address that no provider can carry names none', () => {
    const [one] = open.recipients;
    if (!one) throw new Error('no recipient');

    expect(settle({ ...open, recipients: [{ ...one, end: 'refused' }] }, { ageMs: 0, random: 0 })).toMatchObject({
      detail: 'no provider that may be used supports the address of 1 of 1 recipients',
    });
  });
});
