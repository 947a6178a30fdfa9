import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, MAX_AGE_MS, MAX_DELAY_MS, MIN_DELAY_MS, unknownDelay } from '../../lambda/sender/backoff.ts';
import { begin, NOTHING_CARRIED } from '../../lambda/sender/progress.ts';
import { settle } from '../../lambda/sender/settle.ts';

const open = begin(['a@x'], NOTHING_CARRIED);

describe('backoff', () => {
  it('grows from a minute to an hour and never beyond', () => {
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
    expect(unknownDelay(0.999)).toBeLessThan(120_001);
  });
});

describe('settle', () => {
  it('retries what nobody took', () => {
    expect(settle(open, { ageMs: 0, random: 0 })).toEqual({ kind: 'retry', delayMs: MIN_DELAY_MS });
  });

  it('waits as long as a throttling provider asks', () => {
    expect(settle(open, { ageMs: 0, random: 0, retryAfterMs: 300_000 })).toEqual({ kind: 'retry', delayMs: 300_000 });
  });

  it('tries more often near the end, by halves, and lets the end come', () => {
    expect(settle(open, { ageMs: 0, expiresInMs: 60_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 30_000 });
    expect(settle(open, { ageMs: 0, expiresInMs: 15_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 10_000 });
    expect(settle(open, { ageMs: 0, expiresInMs: 9_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 60_000 });
  });

  it('waits out a lost answer even when the end is near', () => {
    const progress = { ...open, recipients: open.recipients.map((one) => ({ ...one, waiting: true })) };
    expect(settle(progress, { ageMs: 0, expiresInMs: 20_000, random: 0 })).toEqual({ kind: 'retry', delayMs: 60_000 });
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

  it('lets an expiry beyond four days stand', () => {
    expect(settle(open, { ageMs: MAX_AGE_MS, expiresInMs: 3_600_000, random: 0 }).kind).toBe('retry');
  });

  it('ends with the refusal even when others accepted', () => {
    const progress = begin(['a@x', 'b@x'], {
      attempts: 2,
      done: [0],
      history: [
        { provider: 'p', kind: 'refused', recipients: [1] },
        { provider: 'q', kind: 'refused', recipients: [1] },
      ],
    });

    expect(settle(progress, { ageMs: 0, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Refused',
      detail: 'refused by p and q for 1 of 2 recipients',
    });
  });
});
