import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admitted,
  type Circuit,
  isAwaitingAnswer,
  mayProbe,
  type Signal,
  step,
  UNTRIED,
} from '../../../lambda/circuit/circuit.ts';
import { hold, isHeld, type RetryAfterHold } from '../../../lambda/circuit/hold.ts';
import { circuitItem, readCircuitItem } from '../../../lambda/circuit/items.ts';
import { providerHealth } from '../../../lambda/circuit/provider-health.ts';
import { type AttemptWindow, countAttempt, isFailing, mergeWindows } from '../../../lambda/circuit/window.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Reason } from '../../../lambda/mail/reason.ts';
import { at, NOW, outage, SECOND, times } from './given-circuit.ts';

const worker = fc.constantFrom('a', 'b', 'c');
const signal: fc.Arbitrary<Signal> = fc.oneof(
  fc.record({
    kind: fc.constant('counted' as const),
    reason: fc.constant('server-error'),
    window: fc.array(
      fc.nat({ max: 12 }).chain((attempts) =>
        fc.record({
          at: fc.integer({ min: -6, max: 0 }).map((bucket) => NOW + bucket * times.bucketMs),
          attempts: fc.constant(attempts),
          failures: fc.nat({ max: attempts }),
        }),
      ),
      { maxLength: 4 },
    ),
  }),
  fc.record({ kind: fc.constant('refused' as const), reason: fc.constant('suspended'), by: worker }),
  fc.record({ kind: fc.constant('elect' as const), by: worker, leaseMs: fc.integer({ min: 1, max: 10 ** 9 }) }),
  fc.record({ kind: fc.constant('proven' as const) }),
  fc.record({ kind: fc.constant('disproven' as const), by: worker, cause: fc.constant(outage) }),
  fc.record({ kind: fc.constant('inconclusive' as const), by: worker }),
  fc.record({ kind: fc.constant('slow' as const), by: worker, leaseMs: fc.integer({ min: 1, max: 10 ** 9 }) }),
  fc.record({ kind: fc.constant('answered' as const), by: worker }),
);
const story = fc.array(
  fc.record({
    signal,
    after: fc.integer({ min: 0, max: 700 * SECOND }),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 40 },
);

/** Applies a sequence of signals to a new circuit breaker; returns the circuit breaker and the time at the end. */
function tell(moments: typeof story extends fc.Arbitrary<infer T> ? T : never): { circuit: Circuit; now: number } {
  let now = NOW;
  let circuit: Circuit = UNTRIED;
  for (const { signal: next, after: ms, random } of moments) {
    now += ms;
    circuit = step(circuit, next, at(now, random));
  }
  return { circuit, now };
}

describe('whatever happened before', () => {
  it('every opening ends, and some worker may try within twelve and a half minutes', () => {
    fc.assert(
      fc.property(story, (moments) => {
        const { circuit, now } = tell(moments);
        if (circuit.kind === 'closed') return;
        expect(mayProbe(circuit, at(now + 1.25 * times.openMostMs))).toBe(true);
      }),
    );
  });

  it('another worker may probe when the lease of a worker that ended is over', () => {
    fc.assert(
      fc.property(story, (moments) => {
        const { circuit, now } = tell(moments);
        const due = step(circuit, { kind: 'elect', by: 'dead', leaseMs: 15 * SECOND }, at(now + 800 * SECOND));
        if (due.kind === 'closed') return;
        const again = step(due, { kind: 'elect', by: 'alive', leaseMs: 15 * SECOND }, at(now + 816 * SECOND));
        expect(again).toMatchObject({ kind: 'half-open', probe: { by: 'alive' } });
      }),
    );
  });

  it('only one of two workers that ask at the same time may probe', () => {
    fc.assert(
      fc.property(story, (moments) => {
        const { circuit, now } = tell(moments);
        const one = step(circuit, { kind: 'elect', by: 'one', leaseMs: SECOND }, at(now));
        expect(step(one, { kind: 'elect', by: 'two', leaseMs: SECOND }, at(now))).toBe(one);
      }),
    );
  });

  it('an accepted message closes the circuit, and slow start has admitted all mail after half a minute', () => {
    fc.assert(
      fc.property(story, (moments) => {
        const { circuit, now: told } = tell(moments);
        const now = told + 10 * SECOND;
        const closed = step(circuit, { kind: 'proven' }, at(now));
        expect(closed.kind).toBe('closed');
        expect(admitted(closed, at(now + 30 * SECOND))).toBe(1);
      }),
    );
  });

  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(story, (moments) => {
        const { circuit, now } = tell(moments);
        const item = JSON.parse(JSON.stringify({ ...circuitItem('postmark', undefined, { circuit }, now), rev: 1 }));
        expect(readCircuitItem(item).circuit).toEqual(circuit);
      }),
    );
  });

  it('a clock that was days ahead keeps no circuit open for longer', () => {
    const opened = step(UNTRIED, { kind: 'refused', reason: 'suspended' }, at(NOW + 86_400 * SECOND));

    expect(mayProbe(opened, at(NOW))).toBe(true);
  });
});

describe('outcomes', () => {
  const anyReason = fc.constantFrom<Reason[]>('format', 'inactive-recipient', 'too-large', 'policy', 'sender-refused');
  const harmless: fc.Arbitrary<Outcome> = fc.oneof(
    fc.record({
      kind: fc.constant('refused' as const),
      blames: fc.constantFrom('message' as const, 'recipient' as const),
      reason: anyReason,
    }),
    fc.record({
      kind: fc.constant('throttled' as const),
      of: fc.constantFrom('provider' as const, 'recipient' as const),
      reason: fc.constantFrom<Reason[]>('rate-limit', 'greylisted'),
    }),
    fc.constant({ kind: 'unrecognised' as const, reason: 'unrecognised' as const }),
  );

  it('that blame the message, a recipient or load are never a failure', () => {
    fc.assert(
      fc.property(fc.array(harmless, { minLength: 1, maxLength: 5 }), (outcomes) => {
        expect(['answered', 'throttled']).toContain(providerHealth(outcomes).kind);
      }),
    );
  });

  it('count as accepted if the provider accepted part of the message, whatever happened to the rest', () => {
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 5 }), (outcomes) => {
        expect(providerHealth([...outcomes, { kind: 'accepted', providerMessageId: '1' }]).kind).toBe('accepted');
      }),
    );
  });

  it.each<[Outcome, string]>([
    [{ kind: 'unavailable', blames: 'account', reason: 'account-suspended' }, 'account-refused'],
    [{ kind: 'unavailable', blames: 'sender', reason: 'identity-not-verified' }, 'sender-refused'],
    [{ kind: 'unavailable', blames: 'outage', reason: 'dns' }, 'failed'],
    [{ kind: 'unrecognised', reason: 'unrecognised' }, 'answered'],
    [{ kind: 'unknown', reason: 'no-answer' }, 'failed'],
    [{ kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 5 }, 'throttled'],
    [{ kind: 'throttled', of: 'recipient', reason: 'mailbox-full' }, 'answered'],
  ])('%j is %s', (outcome, kind) => {
    expect(providerHealth([outcome]).kind).toBe(kind);
  });
});

describe('a closed circuit', () => {
  it('opens at half of at least five attempts, and not before', () => {
    expect(step(UNTRIED, counted(4, 4), at(NOW)).kind).toBe('closed');
    expect(step(UNTRIED, counted(5, 2), at(NOW)).kind).toBe('closed');
    expect(step(UNTRIED, counted(5, 3), at(NOW))).toEqual({
      kind: 'open',
      since: NOW,
      trips: 1,
      cause: outage,
      until: NOW + 30 * SECOND,
    });
    expect(step(UNTRIED, counted(6, 3), at(NOW)).kind).toBe('open');
  });

  it('adds up the counts of several workers', () => {
    const [one, two] = [step(UNTRIED, counted(3, 3), at(NOW)), counted(2, 2)];

    expect(one.kind).toBe('closed');
    expect(step(one, two, at(NOW + SECOND)).kind).toBe('open');
  });

  it('forgets failures after a minute', () => {
    const before = step(UNTRIED, counted(4, 4), at(NOW));

    expect(step(before, counted(4, 4, NOW + 60 * SECOND), at(NOW + 60 * SECOND)).kind).toBe('closed');
  });

  it('that accepted thousands of messages until a moment ago opens within twenty seconds', () => {
    let window: AttemptWindow = [];
    for (let second = 0; second < 40; second += 1)
      for (let mail = 0; mail < 100; mail += 1) window = countAttempt(window, false, NOW + second * SECOND, times);
    for (let second = 40; second < 60; second += 2) window = countAttempt(window, true, NOW + second * SECOND, times);

    expect(isFailing(window, NOW + 60 * SECOND, times)).toBe(true);
  });

  it('is not closed by an accepted message before every worker knows that it opened', () => {
    const opened = step(UNTRIED, { kind: 'refused', reason: 'suspended' }, at(NOW));

    expect(step(opened, { kind: 'proven' }, at(NOW + 10 * SECOND - 1))).toBe(opened);
    expect(step(opened, { kind: 'proven' }, at(NOW - 10 * SECOND + 1))).toBe(opened);
    expect(step(opened, { kind: 'proven' }, at(NOW + 10 * SECOND))).toMatchObject({ kind: 'closed', trips: 1 });
  });

  it('begins with the shortest open time again after ten calm minutes, and only then', () => {
    const refused: Signal = { kind: 'refused', reason: 'suspended' };
    const closed = step(step(UNTRIED, refused, at(NOW)), { kind: 'proven' }, at(NOW + 60 * SECOND));

    expect(step(closed, refused, at(NOW + 600 * SECOND))).toMatchObject({ trips: 2 });
    expect(step(closed, refused, at(NOW + 661 * SECOND))).toMatchObject({ trips: 1 });
  });

  it('admits an eighth, a quarter and a half before it admits all', () => {
    const closed: Circuit = { kind: 'closed', since: NOW, trips: 1, window: [] };

    expect([0, 9, 10, 20, 29, 30].map((second) => admitted(closed, at(NOW + second * SECOND)))).toEqual([
      0.125, 0.125, 0.25, 0.5, 0.5, 1,
    ]);
    expect(admitted(UNTRIED, at(NOW))).toBe(1);
  });

  it('is awaiting an answer for one worker at a time, until the answer comes or the lease ends', () => {
    const slow: Signal = { kind: 'slow', by: 'a', leaseMs: 15 * SECOND };
    const slowed = step(UNTRIED, slow, at(NOW));

    expect(isAwaitingAnswer(slowed, at(NOW))).toBe(true);
    expect(step(slowed, { ...slow, by: 'b' }, at(NOW))).toBe(slowed);
    expect(step(slowed, { kind: 'answered', by: 'b' }, at(NOW))).toBe(slowed);
    expect(isAwaitingAnswer(step(slowed, { kind: 'answered', by: 'a' }, at(NOW)), at(NOW))).toBe(false);
    expect(isAwaitingAnswer(slowed, at(NOW + 15 * SECOND))).toBe(false);
  });
});

describe('an open circuit', () => {
  const open = step(UNTRIED, counted(5, 5), at(NOW));

  it('ignores counts, and results of probes that are not its own', () => {
    expect(step(open, counted(50, 0), at(NOW))).toBe(open);
    expect(step(open, { kind: 'disproven', by: 'a', cause: outage }, at(NOW))).toBe(open);
    expect(step(open, { kind: 'inconclusive', by: 'a' }, at(NOW))).toBe(open);
    expect(step(open, { kind: 'slow', by: 'a', leaseMs: SECOND }, at(NOW))).toBe(open);
  });

  it('lets no worker probe before its time', () => {
    const elect: Signal = { kind: 'elect', by: 'a', leaseMs: SECOND };

    expect(step(open, elect, at(NOW + 29 * SECOND))).toBe(open);
    expect(step(open, elect, at(NOW + 30 * SECOND))).toMatchObject({ kind: 'half-open', since: NOW, cause: outage });
  });

  it('is open until a quota begins again, at most for the longest time', () => {
    const until = (forMs: number) => {
      const opened = step(UNTRIED, { kind: 'refused', reason: 'quota', forMs }, at(NOW));
      return opened.kind === 'open' ? opened.until - NOW : 0;
    };
    expect(until(0)).toBe(until(1));
    expect(until(120 * SECOND)).toBe(120 * SECOND);
    expect(until(86_400 * SECOND)).toBe(600 * SECOND);
  });

  it('blames the account once it is known, and keeps its time', () => {
    const account = step(open, { kind: 'refused', reason: 'suspended' }, at(NOW));

    expect(account).toEqual({ ...open, cause: { blames: 'account', reason: 'suspended' } });
    expect(step(account, { kind: 'refused', reason: 'other' }, at(NOW))).toBe(account);
  });

  it('opens for twice as long after its probe failed, from when it first opened', () => {
    const probing = step(open, { kind: 'elect', by: 'a', leaseMs: SECOND }, at(NOW + 30 * SECOND));
    const again = step(probing, { kind: 'disproven', by: 'a', cause: outage }, at(NOW + 31 * SECOND));

    expect(again).toEqual({ ...open, trips: 2, until: NOW + 91 * SECOND });
    expect(step(probing, { kind: 'disproven', by: 'b', cause: outage }, at(NOW + 31 * SECOND))).toBe(probing);
  });

  it('lets the next message probe when the probe gave no result', () => {
    const probing = step(open, { kind: 'elect', by: 'a', leaseMs: SECOND }, at(NOW + 30 * SECOND));
    const free = step(probing, { kind: 'inconclusive', by: 'a' }, at(NOW + 30 * SECOND));

    expect(mayProbe(probing, at(NOW + 30 * SECOND))).toBe(false);
    expect(mayProbe(free, at(NOW + 30 * SECOND))).toBe(true);
  });
});

describe('windows', () => {
  const window = fc.array(
    fc.record({
      at: fc.integer({ min: -8, max: 2 }).map((n) => NOW + n * times.bucketMs),
      attempts: fc.nat(9),
      failures: fc.nat(3),
    }),
    { maxLength: 6 },
  );

  it('add up to the same in any order', () => {
    fc.assert(
      fc.property(window, window, (one, other) => {
        expect(mergeWindows(one, other, NOW, times)).toEqual(mergeWindows(other, one, NOW, times));
      }),
    );
  });

  it('have a bucket for each ten seconds of the last minute, and no more', () => {
    let sum: AttemptWindow = [];
    for (let second = 0; second < 600; second += 1) sum = countAttempt(sum, false, NOW + second * SECOND, times);

    expect(sum).toHaveLength(6);
  });
});

describe('a hold', () => {
  it('lasts as long as the provider says, at most an hour, and the longest of several holds counts', () => {
    const long = hold(undefined, 90 * SECOND, at(NOW));

    expect(long.until).toBe(NOW + 90 * SECOND);
    expect(hold(long, 10 * SECOND, at(NOW))).toBe(long);
    expect(hold(long, undefined, at(NOW))).toBe(long);
    expect(hold(long, 90 * SECOND, at(NOW + 500))).toBe(long);
    expect(hold(long, 90 * SECOND, at(NOW + 501)).until).toBe(NOW + 501 + 90 * SECOND);
    expect(hold(long, 7_200 * SECOND, at(NOW)).until).toBe(NOW + 3_600 * SECOND);
  });

  it('without a time doubles from two seconds to a minute, and starts at two seconds after a quiet minute', () => {
    let held: RetryAfterHold | undefined;
    let now = NOW;
    const lengths: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      held = hold(held, undefined, at(now));
      lengths.push((held.until - now) / SECOND);
      now = held.until + SECOND;
    }

    expect(lengths).toEqual([2, 4, 8, 16, 32, 60, 60]);
    expect(hold(held, undefined, at(now + 60 * SECOND)).until - now).toBe(62 * SECOND);
  });

  it('set by a clock that was days ahead is not in force', () => {
    const held = hold(undefined, SECOND, at(NOW + 86_400 * SECOND));

    expect(isHeld(held, at(NOW))).toBe(false);
    expect(isHeld(hold(undefined, SECOND, at(NOW)), at(NOW))).toBe(true);
  });
});

function counted(attempts: number, failures: number, now = NOW): Signal {
  return { kind: 'counted', reason: 'server-error', window: [{ at: now, attempts, failures }] };
}
