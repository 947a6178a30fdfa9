import { describe, expect, it } from 'vitest';
import type { EventType } from '../../../lambda/contract/event-enums.ts';
import { deliveriesOf } from '../../../lambda/events/delivery.ts';
import type { KeptEvent } from '../../../lambda/events/event-item.ts';

const HOUR = 3_600_000;

/** Returns events of one recipient, an hour apart. A name is an event type, or a provider key, a space and an event type. */
function events(...names: string[]): KeptEvent[] {
  return names.map((name, place) => {
    const [type = '', provider = 'ses'] = name.split(' ').toReversed();
    const at = new Date(Date.UTC(2026, 10, 29) + place * HOUR).toISOString();
    return { id: `e-${place}`, provider, type: type as EventType, at, recipient: 'ada' };
  });
}

const stateOf = (list: readonly KeptEvent[]) => deliveriesOf(list).get('ada')?.state;

describe('what became of a mail', () => {
  it.each([
    [['accepted'], 'accepted'],
    [['accepted', 'deferred'], 'deferred'],
    [['accepted', 'deferred', 'delivered'], 'delivered'],
    [['accepted', 'bounced'], 'bounced'],
    [['delivered', 'bounced'], 'bounced'],
    [['delivered', 'complained'], 'complained'],
    [['bounced', 'complained'], 'complained'],
    [['accepted', 'rejected'], 'rejected'],
    [['suppressed'], 'suppressed'],
    [['accepted', 'opened'], 'delivered'],
    [['clicked'], 'delivered'],
    [['unsubscribed'], 'delivered'],
    [['other', 'resubscribed'], undefined],
    [['ses bounced', 'mailgun delivered'], 'delivered'],
    [['ses delivered', 'ses bounced', 'mailgun accepted'], 'bounced'],
    [['ses delivered', 'mailgun complained'], 'complained'],
  ])('after %j is %s, in any order and with repetitions', (names, state) => {
    const list = events(...names);
    for (const order of permutations(list)) {
      expect(stateOf(order)).toBe(state);
      expect(deliveriesOf([...order, ...order])).toEqual(deliveriesOf(list));
    }
  });

  it('never loses rank by a further event', () => {
    const ranks = ['accepted', 'deferred', 'rejected', 'suppressed', 'delivered', 'bounced', 'complained'];
    for (const first of ranks)
      for (const second of ranks)
        expect(ranks.indexOf(stateOf(events(first, second)) ?? '')).toBe(
          Math.max(ranks.indexOf(first), ranks.indexOf(second)),
        );
  });

  it('is separate for each recipient', () => {
    const [first, second] = events('delivered', 'bounced') as [KeptEvent, KeptEvent];
    const { recipient: _none, ...nameless } = first;
    const states = deliveriesOf([first, { ...second, recipient: 'bob' }, nameless]);
    expect(Array.from(states, ([recipient, { state }]) => [recipient, state])).toEqual([
      ['ada', 'delivered'],
      ['bob', 'bounced'],
    ]);
  });
});

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((one, place) => permutations(list.toSpliced(place, 1)).map((rest) => [one, ...rest]));
}
