import { expect, it } from 'vitest';
import { Overload } from '../../../local/cloudwatch/overload.ts';
import { givenDeployed } from '../../lib/monitoring/deployed.ts';
import { EVERYTHING } from '../../lib/monitoring/everything.ts';

it.each([
  ['all processors busy and timers late', 10, 60, [true]],
  ['busy, but timers in time', 10, 5, []],
  ['timers late while processors idle', 400, 60, []],
])('%s', (_, idlePerLook, lateMs, expected) => {
  const changes: boolean[] = [];
  const overload = new Overload((is) => changes.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: look * idlePerLook, all: look * 1_000, lateMs });

  expect(changes).toEqual(expected);
});

it('ends when the machine keeps up again', () => {
  const changes: boolean[] = [];
  const overload = new Overload((is) => changes.push(is));
  for (let look = 1; look <= 12; look++) overload.add({ idle: 0, all: look * 1_000, lateMs: 60 });
  for (let look = 13; look <= 30; look++) overload.add({ idle: (look - 12) * 500, all: look * 1_000, lateMs: 1 });

  expect(changes).toEqual([true, false]);
});

it('withholds alarms that depend on time or on late answers, and not those on refusals', () => {
  const alarms = new Map(
    givenDeployed({ providers: EVERYTHING }).alarms.map((one) => [one.name.split('/').at(-1), one]),
  );
  const titles = ['Latency', 'LostAnswers', 'SenderTimeouts', 'FailureRate', 'CircuitOpen', 'DeadLetters'];

  expect(titles.filter((title) => alarms.get(title)?.dependsOnTime)).toEqual(titles.slice(0, 3));
});
