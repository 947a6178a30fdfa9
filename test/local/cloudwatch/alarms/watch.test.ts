import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StackClock } from '../../../../local/clock.ts';
import { everyMinute } from '../../../../local/cloudwatch/alarms/watch.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 25, 12);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

it('calls once for each minute of stack time, in order', async () => {
  const ends: number[] = [];
  const end = everyMinute(new StackClock(60), (minute) => ends.push((minute - START) / MINUTE));

  await vi.advanceTimersByTimeAsync(3_500);
  end();
  await vi.advanceTimersByTimeAsync(3_000);

  expect(ends).toEqual([1, 2, 3]);
});

it('calls for each of several minutes that ended together, and continues at a new scale', async () => {
  const clock = new StackClock(1);
  const ends: number[] = [];
  const end = everyMinute(clock, (minute) => ends.push((minute - START) / MINUTE));

  await vi.advanceTimersByTimeAsync(30_000);
  expect(ends).toEqual([]);
  clock.setScale(6_000);
  await vi.advanceTimersByTimeAsync(310);
  end();

  expect(ends.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

it('skips minutes that a sleeping machine missed long ago', async () => {
  const ends: number[] = [];
  const end = everyMinute(new StackClock(1), (minute) => ends.push((minute - START) / MINUTE));
  vi.setSystemTime(START + 1_000 * MINUTE);

  await vi.advanceTimersByTimeAsync(61_000);
  end();

  expect(ends[0]).toBeGreaterThan(800);
  expect(ends.length).toBeLessThan(200);
});
