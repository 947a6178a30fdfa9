import { expect, it } from 'vitest';
import { StackClock } from '../../local/clock.ts';

it('runs as the time of day at scale 1', () => {
  const clock = new StackClock(1, () => 5_000);

  expect([clock.now(), clock.toReal(7_000), clock.toStack(3_000)]).toEqual([5_000, 7_000, 3_000]);
});

it('changes its speed without a jump, and still knows the times before', () => {
  let now = 1_000;
  const clock = new StackClock(1, () => now);
  now = 2_000;
  clock.setScale(60);
  now = 3_000;

  expect(clock.now()).toBe(62_000);
  expect([clock.toReal(62_000), clock.toReal(2_000), clock.toReal(1_500)]).toEqual([3_000, 2_000, 1_500]);
  expect([clock.toStack(1_500), clock.toStack(2_500)]).toEqual([1_500, 32_000]);
});

it('tells of a change once, and of none that is not one', () => {
  const clock = new StackClock(1, () => 0);
  const told: number[] = [];
  clock.onChange((scale) => told.push(scale));
  clock.setScale(1);
  clock.setScale(60);

  expect(told).toEqual([60]);
});
