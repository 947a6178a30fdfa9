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
import { hold, isHeld } from '../../../lambda/circuit/hold.ts';
import { providerHealth } from '../../../lambda/circuit/provider-health.ts';
import { isFailing, mergeWindows } from '../../../lambda/circuit/window.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Reason } from '../../../lambda/mail/reason.ts';
import { at, NOW, outage, SECOND, times } from './given-circuit.ts';

const open: Circuit = { kind: 'open', since: NOW, trips: 1, cause: outage, until: NOW + 30 * SECOND };
const halfOpen: Circuit = { kind: 'half-open', since: NOW, trips: 1, cause: outage };
const probing: Circuit = { ...halfOpen, probe: { by: 'a', until: NOW + 5 * SECOND } };

describe('provider health', () => {
  it.each<Reason>([
    'domain-authentication',
    'identity-not-verified',
    'mail-from-not-verified',
    'sender-refused',
    'sender-unconfirmed',
    'sender-unknown',
  ])('a sender that is refused with %s is one sender, whatever the reason says', (reason) => {
    expect(providerHealth([{ kind: 'unavailable', blames: 'account', reason }])).toEqual({
      kind: 'account-refused',
      reason,
    });
    expect(providerHealth([{ kind: 'unavailable', blames: 'sender', reason }])).toEqual({
      kind: 'sender-refused',
      reason,
    });
  });

  it.each<Reason>(['greylisted', 'mailbox-busy', 'mailbox-full', 'temporary-failure', 'too-many-recipients'])(
    'to wait for %s is about a recipient',
    (reason) => {
      expect(providerHealth([{ kind: 'throttled', of: 'recipient', reason, retryAfterMs: 5 }])).toEqual({
        kind: 'answered',
      });
    },
  );

  it('keeps the time that a provider asks for, and adds none where it asks for none', () => {
    expect(providerHealth([{ kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 0 }])).toEqual({
      kind: 'throttled',
      retryAfterMs: 0,
    });
    expect(Object.keys(providerHealth([{ kind: 'throttled', of: 'provider', reason: 'rate-limit' }]))).toEqual([
      'kind',
    ]);
  });

  it('is the most telling of several outcomes', () => {
    const refused: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
    const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'dns' };
    const suspended: Outcome = { kind: 'unavailable', blames: 'account', reason: 'account-suspended' };

    expect(providerHealth([])).toEqual({ kind: 'unasked' });
    expect(providerHealth([refused])).toEqual({ kind: 'answered' });
    expect(providerHealth([refused, down])).toEqual({ kind: 'failed', reason: 'dns' });
    expect(providerHealth([{ kind: 'unrecognised', reason: 'unrecognised' }])).toEqual({ kind: 'answered' });
    expect(providerHealth([down, suspended])).toEqual({ kind: 'account-refused', reason: 'account-suspended' });
  });
});

describe('a circuit does not change', () => {
  it.each<[string, Circuit, Signal]>([
    ['by empty counts', UNTRIED, { kind: 'counted', reason: 'x', window: [] }],
    ['by an election while it is closed', UNTRIED, { kind: 'elect', by: 'a', leaseMs: 1 }],
    ['by a proof while it is closed', UNTRIED, { kind: 'proven' }],
    ['by a failed probe while it is closed', UNTRIED, { kind: 'disproven', by: 'a', cause: outage }],
    ['by an answer that was not awaited', UNTRIED, { kind: 'answered', by: 'a' }],
    ['by an answer while it is open', open, { kind: 'answered', by: 'a' }],
    ['by an answer while it is half-open', probing, { kind: 'answered', by: 'a' }],
    ['by a failed probe when there is none', halfOpen, { kind: 'disproven', by: 'a', cause: outage }],
    ['by the end of a probe when there is none', halfOpen, { kind: 'inconclusive', by: 'a' }],
    ['by a slow answer while it is half-open', probing, { kind: 'slow', by: 'b', leaseMs: 1 }],
  ])('%s', (_, circuit, signal) => {
    expect(step(circuit, signal, at(NOW))).toBe(circuit);
  });

  it('by a refusal that comes from no probe, except for its cause', () => {
    const refused: Signal = { kind: 'refused', reason: 'suspended' };

    expect(step(halfOpen, refused, at(NOW))).toEqual({
      ...halfOpen,
      cause: { blames: 'account', reason: 'suspended' },
    });
    expect(step(probing, { ...refused, by: 'a' }, at(NOW))).toMatchObject({ kind: 'open', trips: 2, since: NOW });
  });
});

describe('the ends of times', () => {
  it('a closed circuit is never probed, and a half-open one without a probe by any worker', () => {
    expect(mayProbe(UNTRIED, at(NOW))).toBe(false);
    expect(mayProbe(halfOpen, at(NOW))).toBe(true);
    expect(mayProbe(probing, at(NOW + 5 * SECOND - 1))).toBe(false);
    expect(mayProbe(probing, at(NOW + 5 * SECOND))).toBe(true);
  });

  it('an open time within the possible range holds, and a longer one does not', () => {
    const until = (ms: number): Circuit => ({ ...open, until: NOW + ms });
    const longest = 1.25 * times.openMostMs;

    expect(mayProbe(until(longest), at(NOW))).toBe(false);
    expect(mayProbe(until(longest + 1), at(NOW))).toBe(true);
  });

  it('only a closed circuit awaits an answer, or starts slowly', () => {
    const slowProbe = { by: 'a', until: NOW + SECOND };

    expect(isAwaitingAnswer({ ...open, slowProbe } as Circuit, at(NOW))).toBe(false);
    expect(isAwaitingAnswer({ ...UNTRIED, slowProbe } as Circuit, at(NOW))).toBe(true);
    expect(admitted(open, at(NOW))).toBe(1);
    expect(admitted({ ...open, trips: 0 }, at(NOW))).toBe(1);
    expect(admitted({ kind: 'closed', since: NOW, trips: 0, window: [] }, at(NOW))).toBe(1);
  });

  it('calm begins after ten minutes, of a closed circuit only', () => {
    const refused: Signal = { kind: 'refused', reason: 'suspended', by: 'a' };
    const closed: Circuit = { kind: 'closed', since: NOW, trips: 3, window: [] };

    expect(step(closed, refused, at(NOW + times.calmMs))).toMatchObject({ trips: 4 });
    expect(step(closed, refused, at(NOW + times.calmMs + 1))).toMatchObject({ trips: 1 });
    const late: Circuit = { ...halfOpen, trips: 3, probe: { by: 'a', until: NOW + 2 * times.calmMs } };
    expect(step(late, refused, at(NOW + times.calmMs + 1))).toMatchObject({ trips: 4 });
  });

  it('a minute is over when it is over', () => {
    const bucket = (ago: number) => [{ at: NOW - ago, attempts: 5, failures: 5 }];

    expect(mergeWindows(bucket(times.windowMs), [], NOW, times)).toEqual([]);
    expect(mergeWindows(bucket(times.windowMs - 1), [], NOW, times)).toHaveLength(1);
    expect(isFailing(bucket(times.windowMs), NOW, times)).toBe(false);
    expect(isFailing(bucket(times.windowMs - 1), NOW, times)).toBe(true);
    // The short window consists of the two newest buckets, so this older bucket does not count in the short window.
    const many = { at: NOW - 2 * times.bucketMs, attempts: 100, failures: 0 };
    expect(isFailing([many, ...bucket(0)], NOW, times)).toBe(true);
    expect(isFailing([{ ...many, at: many.at + 1 }, ...bucket(0)], NOW, times)).toBe(false);
  });
});

describe('the edges of a hold', () => {
  it('ends at its end, and is not in force if it is longer than any provider can ask for', () => {
    const held = { since: NOW, until: NOW + SECOND, unnamed: 0 };
    const longest = 1.25 * times.retryAfterMostMs;

    expect(isHeld(held, at(NOW + SECOND - 1))).toBe(true);
    expect(isHeld(held, at(NOW + SECOND))).toBe(false);
    expect(isHeld({ ...held, until: NOW + longest }, at(NOW))).toBe(true);
    expect(isHeld({ ...held, until: NOW + longest + 1 }, at(NOW))).toBe(false);
    expect(isHeld(undefined, at(NOW))).toBe(false);
  });

  it('keeps its start while it grows, and is the same object when it does not', () => {
    const held = hold(undefined, 10 * SECOND, at(NOW));

    expect(hold(held, 20 * SECOND, at(NOW + SECOND))).toEqual({ since: NOW, until: NOW + 21 * SECOND, unnamed: 0 });
    expect(hold(held, 9 * SECOND, at(NOW + SECOND))).toBe(held);
    expect(hold(held, SECOND, at(NOW + 10 * SECOND))).toMatchObject({ since: NOW + 10 * SECOND });
  });

  it('grows only within a minute of the one before', () => {
    const held = hold(undefined, undefined, at(NOW));

    expect(held).toEqual({ since: NOW, until: NOW + 2 * SECOND, unnamed: 1 });
    expect(hold(held, undefined, at(held.until + times.holdMostMs - 1)).unnamed).toBe(2);
    expect(hold(held, undefined, at(held.until + times.holdMostMs)).unnamed).toBe(1);
  });
});
