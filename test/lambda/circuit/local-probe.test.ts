import { describe, expect, it } from 'vitest';
import { LocalProbe, type Turn } from '../../../lambda/circuit/local-probe.ts';
import { circuitTimes } from '../../../lambda/circuit/times.ts';
import { manualClock } from '../../support/manual-clock.ts';

const SECOND = 1_000;

describe('the local probe of a worker, without the table', () => {
  it('costs what was in flight, and then one attempt for each growing quiet time', async () => {
    const { localProbe, clock } = given();
    const first = await localProbe.enter(false);
    leave(localProbe, first, 'good');
    const flight = await Promise.all(Array.from({ length: 10 }, () => localProbe.enter(false)));
    for (const turn of flight) leave(localProbe, turn, 'bad');

    const tried: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      for (let mail = 0; mail < 50; mail += 1) {
        const turn = await localProbe.enter(false);
        if (turn.kind === 'go') tried.push(second);
        leave(localProbe, turn, 'bad');
      }
      await clock.pass(SECOND);
    }

    expect(tried).toEqual([0, 5, 13, 25, 42, 68, 98]);
  });

  it('does not count a success that began before the last failure', async () => {
    const { localProbe } = given();
    leave(localProbe, await localProbe.enter(false), 'good');
    const [one, other] = [await localProbe.enter(false), await localProbe.enter(false)];

    leave(localProbe, one, 'bad');
    leave(localProbe, other, 'good');

    expect(await localProbe.enter(false)).toMatchObject({ kind: 'go', ticket: { probe: true } });
  });

  it('begins with the shortest quiet time again after a success', async () => {
    const { localProbe, clock } = given();
    for (const wait of [5, 7.5]) {
      leave(localProbe, await localProbe.enter(false), 'bad');
      expect(await localProbe.enter(false)).toEqual({ kind: 'quiet', until: clock.now() + wait * SECOND });
      await clock.pass(wait * SECOND);
    }
    leave(localProbe, await localProbe.enter(false), 'good');
    leave(localProbe, await localProbe.enter(false), 'bad');

    leave(localProbe, await localProbe.enter(false), 'bad');

    expect(localProbe.quietUntil).toBe(clock.now() + 5 * SECOND);
  });

  it('lets forced messages try after one or two failures, and then leaves the provider alone as well', async () => {
    const { localProbe } = given();
    let tried = 0;
    for (let mail = 0; mail < 20; mail += 1) {
      const turn = await localProbe.enter(true);
      if (turn.kind === 'go') tried += 1;
      leave(localProbe, turn, 'bad');
    }

    expect(tried).toBe(3);
  });

  it('forgets its failures when the circuits are reset', async () => {
    const { localProbe } = given();
    leave(localProbe, await localProbe.enter(false), 'bad');

    localProbe.reset();

    expect((await localProbe.enter(false)).kind).toBe('go');
  });

  it('admits messages after a clock was put back', async () => {
    const { localProbe, clock } = given();
    await clock.pass(86_400 * SECOND);
    leave(localProbe, await localProbe.enter(false), 'bad');

    clock.set(clock.now() - 3_600 * SECOND);

    expect((await localProbe.enter(false)).kind).toBe('go');
  });
});

function given() {
  const clock = manualClock();
  return { clock, localProbe: new LocalProbe(clock, () => 0, circuitTimes(1)) };
}

function leave(localProbe: LocalProbe, turn: Turn, answer: 'good' | 'bad'): void {
  if (turn.kind === 'go') localProbe.leave(turn.ticket, answer);
}
