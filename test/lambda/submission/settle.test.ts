import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, MAX_AGE_MS, MAX_DELAY_MS, MIN_DELAY_MS, unknownDelay } from '../../../lambda/submission/backoff.ts';
import { begin, NOTHING_CARRIED } from '../../../lambda/submission/carried.ts';
import { declareHeld } from '../../../lambda/submission/progress.ts';
import { settle } from '../../../lambda/submission/settle.ts';

/** Each provider is its own vendor. */
const each = (key: string) => key;

const open = begin(['a@x'], NOTHING_CARRIED, each);

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
    const waitOf = (doubtMs: number) => settle(progress, { ageMs: 0, doubtMs, random: 0 });
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

  it('allows an expiry beyond four days', () => {
    expect(settle(open, { ageMs: MAX_AGE_MS, expiresInMs: 3_600_000, random: 0 }).kind).toBe('retry');
  });

  it('ends with the refusal even when others accepted', () => {
    const progress = begin(
      ['a@x', 'b@x'],
      {
        attempts: 2,
        done: [0],
        history: [
          { provider: 'p', kind: 'refused', recipients: [1] },
          { provider: 'q', kind: 'refused', recipients: [1] },
        ],
      },
      each,
    );

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
    const progress = begin(['a@x', 'b@x'], { attempts: 1, done: [0, 1], history: [] }, each);
    const suppressed = { ...open, recipients: open.recipients.map((one) => ({ ...one, end: 'suppressed' as const })) };

    expect(settle(progress, { ageMs: MAX_AGE_MS, random: 0 })).toEqual({ kind: 'done' });
    expect(settle(suppressed, { ageMs: MAX_AGE_MS, random: 0 })).toEqual({ kind: 'done' });
  });

  it('dead-letters what must not be sent twice, and names the providers with unknown answers', () => {
    const doubted = begin(
      ['a@x', 'b@x', 'c@x'],
      {
        attempts: 2,
        done: [2],
        history: [
          { provider: 'p', kind: 'unknown', account: { type: 'postmark' }, recipients: [0, 2], at: 1 },
          { provider: 'q', kind: 'unknown', account: { type: 'postmark' }, recipients: [0, 1], at: 1 },
          { provider: 'r', kind: 'unknown', account: { type: 'postmark' }, recipients: [2], at: 1 },
        ],
      },
      each,
    );

    expect(settle(declareHeld(doubted), { ageMs: 0, random: 0 })).toEqual({
      kind: 'dead-letter',
      reason: 'Unknown',
      detail: 'the answer of p and q was lost, and could not be found out; onUnknown is hold',
    });
  });

  it('names only the providers that refused it for a recipient for which it failed', () => {
    const progress = begin(
      ['a@x', 'b@x'],
      {
        attempts: 3,
        done: [0],
        history: [
          { provider: 'o', kind: 'refused', recipients: [0] },
          { provider: 'p', kind: 'refused', recipients: [1] },
          { provider: 'q', kind: 'refused', recipients: [1] },
        ],
      },
      each,
    );

    expect(settle(progress, { ageMs: 0, random: 0 })).toMatchObject({
      detail: 'refused by p and q for 1 of 2 recipients',
    });
  });

  it('says why the time is up', () => {
    expect(settle(open, { ageMs: MAX_AGE_MS, random: 0 })).toMatchObject({
      detail: 'no provider accepted it within four days',
    });
    expect(settle(open, { ageMs: 0, expiresInMs: -1, random: 0 })).toMatchObject({
      detail: 'expiresAt, or the time that its class has, is over; it was not sent after that',
    });
  });

  it('waits for an unknown answer about one recipient before it tries the others again', () => {
    const two = begin(['a@x', 'b@x'], NOTHING_CARRIED, each);
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
