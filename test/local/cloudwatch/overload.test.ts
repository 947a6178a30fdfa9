import { expect, it } from 'vitest';
import { goesByTime, Overload } from '../../../local/cloudwatch/overload.ts';

it.each([
  ['all processors busy and timers late', 10, 60, [true]],
  ['busy, but timers in time', 10, 5, []],
  ['timers late while processors idle', 400, 60, []],
])('%s', (_, idlePerLook, lateMs, changes) => {
  const told: boolean[] = [];
  const overload = new Overload((is) => told.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: look * idlePerLook, all: look * 1_000, lateMs });

  expect(told).toEqual(changes);
});

it('ends when the machine keeps up again', () => {
  const told: boolean[] = [];
  const overload = new Overload((is) => told.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: 0, all: look * 1_000, lateMs: 60 });
  for (let look = 13; look <= 30; look++) overload.add({ idle: (look - 12) * 500, all: look * 1_000, lateMs: 1 });

  expect(told).toEqual([true, false]);
});

it('withholds alarms that depend on time, not those of provider answers', () => {
  expect(['Mailover/OldestMessage', 'Mailover/ses/Latency'].every(goesByTime)).toBe(true);
  expect(['Mailover/ses/AccountRefused', 'Mailover/ses/FailureRate'].some(goesByTime)).toBe(false);
});
