import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Asker,
  HORIZON_MS,
  type Lane,
  promise,
  type RateState,
  reserve,
  unused,
} from '../../../lambda/circuit/rate.ts';

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
      lane: fc.constantFrom<Asker>('fresh', 'backlog', 'urgent'),
      count: fc.integer({ min: 1, max: 12 }),
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 6_000 })),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 60 }), fc.constantFrom(0.5, 3, 10, 14, 333), (asks, perSecond) => {
        const given: number[] = [];
        let state = unused(perSecond);
        let now = NOW;
        for (const { lane, count, after } of asks) {
          now += after;
          const answer = reserve(state, lane, count, perSecond, now);
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

  it('alternate while both lanes want more than there is', () => {
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
  it('is asked to return one after the other, at the rate', () => {
    const { state } = reserve(unused(10), 'backlog', 100, 10, NOW);

    const { waits } = promise(state, 100, NOW, () => 0.5);

    expect(waits[0]).toBeCloseTo(1_100);
    expect(waits[99]).toBeCloseTo(11_000);
  });

  it('returns as fast as all providers together can send it, since each of them makes promises', () => {
    const { waits } = promise(unused(1), 8, NOW, () => 0.5, 4);

    expect((waits.at(-1) as number) - (waits[0] as number)).toBe((7 * 1_000) / 4);
  });

  it('is never asked to stay away for longer than a queue can delay it', () => {
    const { waits } = promise(unused(1), 5_000, NOW, () => 0.9);

    expect(Math.max(...waits)).toBeLessThanOrEqual(900_000);
    expect(waits.at(-1)).toBeCloseTo(855_000);
  });
});

/** Slots per lane in twenty seconds at ten a second, when each lane asks for `wants` slots every second. */
function share(wants: Record<Lane, number>): Record<Lane, number> {
  const taken = { fresh: 0, backlog: 0 };
  const queue = { fresh: 0, backlog: 0 };
  let state: RateState = unused(10);
  for (let ms = 0; ms < 20_000; ms += 50) {
    for (const lane of ['backlog', 'fresh'] as const) {
      queue[lane] += wants[lane] / 20;
      const count = Math.floor(queue[lane]);
      if (count === 0) continue;
      const answer = reserve(state, lane, Math.min(count, 3), 10, NOW + ms);
      state = answer.state;
      taken[lane] += answer.slots.filter((at) => at < NOW + 20_000).length;
      queue[lane] = Math.min(queue[lane] - answer.slots.length, HORIZON_MS / 10);
    }
  }
  return taken;
}
