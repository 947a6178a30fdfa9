import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Asker,
  HORIZON_MS,
  promise,
  type QueueKind,
  type RateState,
  reserve,
  unused,
} from '../../../lambda/circuit/rate.ts';
import { drawsOf } from './distant-table.ts';

const NOW = 1_800_000_000_000;

describe('slots', () => {
  it('begin at once after a pause, and follow each other at the distance of the rate', () => {
    const { slots } = reserve(unused(10), 'fresh', 5, 10, NOW);

    expect(slots.map((at) => at - NOW)).toEqual([0, 100, 200, 300, 400]);
  });

  it('are reserved at most two seconds ahead', () => {
    const { slots } = reserve(unused(10), 'fresh', 500, 10, NOW);

    expect(slots).toHaveLength(21);
  });

  it('are never closer than the rate allows, for any sequence of requests', () => {
    const ask = fc.record({
      queueKind: fc.constantFrom<Asker>('fresh', 'backlog', 'urgent'),
      count: fc.integer({ min: 1, max: 12 }),
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 6_000 })),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 60 }), fc.constantFrom(0.5, 3, 10, 14, 333), (asks, perSecond) => {
        const given: number[] = [];
        let state = unused(perSecond);
        let now = NOW;
        for (const { queueKind, count, after } of asks) {
          now += after;
          const answer = reserve(state, queueKind, count, perSecond, now);
          state = answer.state;
          for (const slot of answer.slots) expect(slot).toBeGreaterThanOrEqual(now - 0.01);
          given.push(...answer.slots);
        }
        given.sort((a, b) => a - b);
        for (const [place, slot] of given.entries())
          if (place > 0) expect(slot - (given[place - 1] ?? 0)).toBeGreaterThanOrEqual(1_000 / perSecond - 0.01);
      }),
    );
  });

  it('alternate while both kinds of queue want more than there is', () => {
    const taken = share({ fresh: 30, backlog: 30 });

    expect(taken.fresh / 200).toBeCloseTo(0.5, 1);
    expect(taken.fresh + taken.backlog).toBeGreaterThan(190);
  });

  it('all go to the backlog while there is no fresh mail', () => {
    expect(share({ fresh: 0, backlog: 30 }).backlog).toBeGreaterThan(190);
  });

  it('that little fresh mail leaves free go to the backlog', () => {
    const taken = share({ fresh: 1, backlog: 30 });

    expect(taken.fresh).toBeGreaterThanOrEqual(19);
    expect(taken.fresh + taken.backlog).toBeGreaterThan(180);
  });

  it('stay at their distance when the rate changes with a deployment', () => {
    const { state } = reserve(unused(10), 'fresh', 5, 10, NOW);

    const { slots } = reserve(state, 'fresh', 3, 2, NOW + 50);

    expect(slots.map((at) => at - NOW)).toEqual([900, 1_400, 1_900]);
  });

  it('are not given twice to workers whose clocks differ', () => {
    const ahead = reserve(unused(10), 'fresh', 500, 10, NOW + 100).slots;
    const { state } = reserve(unused(10), 'fresh', 500, 10, NOW + 100);

    const { slots } = reserve(state, 'fresh', 500, 10, NOW);

    for (const slot of slots) expect(slot).toBeGreaterThan(ahead.at(-1) as number);
  });

  it('are available again after a clock that was an hour ahead', () => {
    const { state } = reserve(unused(10), 'fresh', 5, 10, NOW + 3_600_000);

    expect(reserve(state, 'fresh', 1, 10, NOW).slots).toEqual([NOW]);
  });
});

describe('urgent mail', () => {
  const full = () => {
    const { state } = reserve(unused(10), 'fresh', 500, 10, NOW);
    return reserve(state, 'backlog', 500, 10, NOW + 1).state;
  };

  it('has the next slots while all of the next two seconds are taken, and no other mail has', () => {
    const { state, slots } = reserve(full(), 'urgent', 3, 10, NOW + 1);

    expect(slots.map((at) => at - NOW)).toEqual([2_100, 2_200, 2_300]);
    expect(reserve(state, 'fresh', 1, 10, NOW + 100).slots).toEqual([]);
  });

  it('has no slot if as much of it waits as a second has room for', () => {
    expect(reserve(full(), 'urgent', 50, 10, NOW + 1).slots).toHaveLength(10);
  });

  it('has a slot at a rate of one call in two seconds, too', () => {
    const { state } = reserve(unused(0.5), 'fresh', 500, 0.5, NOW);

    expect(reserve(state, 'urgent', 1, 0.5, NOW + 1).slots).toHaveLength(1);
    expect(reserve(state, 'fresh', 1, 0.5, NOW + 1).slots).toEqual([]);
  });

  it('goes at once where little other mail is sent', () => {
    expect(reserve(unused(10), 'urgent', 1, 10, NOW).slots).toEqual([NOW]);
  });
});

describe('mail without a slot', () => {
  it('is asked to return one after the other, one a second more than can be sent', () => {
    const { state } = reserve(unused(10), 'backlog', 100, 10, NOW);

    const { waits } = promise(state, 100, NOW, () => 0.5);

    expect(waits[0]).toBeCloseTo(1_100 + 1_000 / 11);
    expect(waits[99]).toBeCloseTo(1_000 + 100 + (100 * 1_000) / 11, 1);
  });

  it('is asked to return at half of the rate, and one a second more, while there is fresh mail', () => {
    const { state } = reserve(unused(10), 'fresh', 100, 10, NOW);

    const { waits } = promise(state, 2, NOW, () => 0.5);

    expect((waits[1] as number) - (waits[0] as number)).toBeCloseTo(1_000 / 6);
  });

  it('returns as fast as all providers together can send it, since each of them gives such times', () => {
    const { waits } = promise(unused(1), 8, NOW, () => 0.5, 4);

    expect((waits.at(-1) as number) - (waits[0] as number)).toBeCloseTo((7 * 1_000) / 5);
  });

  it('returns after the mail that was asked to return before', () => {
    const { state, waits } = promise(unused(1), 8, NOW, () => 0.5);

    expect(promise(state, 1, NOW, () => 0.5).waits[0]).toBeCloseTo((waits.at(-1) as number) + 500);
  });

  it('returns a second before the next slot, not at each second until then', () => {
    const { state } = reserve(unused(0.1), 'backlog', 1, 0.1, NOW);

    const { waits } = promise(state, 1, NOW, () => 0.5);

    expect(waits[0]).toBeCloseTo(9_000 + 1_000 / 1.1);
  });

  it.each([
    { rates: [0.1] },
    { rates: [1] },
    { rates: [3] },
    { rates: [0.2, 0.2, 0.28, 0.02] },
    { rates: [1, 1, 1.4, 0.1] },
  ])('uses at least 95 %% of the slots of providers with $rates calls a second', ({ rates }) => {
    const together = rates.reduce((sum, rate) => sum + rate, 0);

    expect(drainMs(rates, 300 * together) / 300_000).toBeLessThan(1 / 0.95);
  });

  it('is never asked to stay away for longer than a queue can delay it', () => {
    const { waits } = promise(unused(1), 5_000, NOW, () => 0.9);

    expect(Math.max(...waits)).toBeLessThanOrEqual(900_000);
    expect(waits.at(-1)).toBeCloseTo(855_000);
  });
});

/**
 * Returns the time in milliseconds that providers with these rate limits need for messages from retry queues, if no other message
 * is sent. The queue delays a message by whole seconds. The sender adds up to a quarter of the wait, or five seconds.
 */
function drainMs(rates: readonly number[], messages: number): number {
  const random = drawsOf(7);
  const together = rates.reduce((sum, rate) => sum + rate, 0);
  const states = rates.map(unused);
  const due = new Map<number, number>();
  const add = (at: number) => due.set(at, (due.get(at) ?? 0) + 1);
  for (let count = 0; count < messages; count += 1) add(NOW + Math.floor(random() * 30_000));
  let last = NOW;
  for (let now = NOW; due.size > 0; now += 1) {
    const arrived = due.get(now) ?? 0;
    due.delete(now);
    for (let count = 0; count < arrived; count += 1) {
      const waits: number[] = [];
      let slot: number | undefined;
      for (const [place, rate] of rates.entries()) {
        const answer = reserve(states[place] as RateState, 'backlog', 1, rate, now);
        const promised = promise(answer.state, 1, now, random, together);
        states[place] = answer.slots.length > 0 ? answer.state : promised.state;
        waits.push(...promised.waits);
        [slot] = answer.slots;
        if (slot !== undefined) break;
      }
      if (slot !== undefined) {
        last = Math.max(last, slot);
        continue;
      }
      const wait = Math.min(...waits);
      add(now + 1_000 * Math.ceil((wait + random() * Math.max(5_000, wait / 4)) / 1_000) + Math.floor(100 * random()));
    }
  }
  return last - NOW;
}

/**
 * Returns the number of rate-limit slots that each kind of queue gets in twenty seconds. There are ten slots a second, and each
 * kind of queue asks for `wants` slots every second.
 */
function share(wants: Record<QueueKind, number>): Record<QueueKind, number> {
  const taken = { fresh: 0, backlog: 0 };
  const queue = { fresh: 0, backlog: 0 };
  let state: RateState = unused(10);
  for (let ms = 0; ms < 20_000; ms += 50) {
    for (const queueKind of ['backlog', 'fresh'] as const) {
      queue[queueKind] += wants[queueKind] / 20;
      const count = Math.floor(queue[queueKind]);
      if (count === 0) continue;
      const answer = reserve(state, queueKind, Math.min(count, 3), 10, NOW + ms);
      state = answer.state;
      taken[queueKind] += answer.slots.filter((at) => at < NOW + 20_000).length;
      queue[queueKind] = Math.min(queue[queueKind] - answer.slots.length, HORIZON_MS / 10);
    }
  }
  return taken;
}
