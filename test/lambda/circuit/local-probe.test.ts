import { describe, expect, it } from 'vitest';
import { LocalProbe, type Turn } from '../../../lambda/circuit/local-probe.ts';
import { circuitTimes } from '../../../lambda/circuit/times.ts';
import { manualClock } from '../../support/manual-clock.ts';

const SECOND = 1_000;

describe('the turnstile of a worker, without any help of others', () => {
  it('costs what was in flight, and then one attempt for each growing quiet time', async () => {
    const { turnstile, clock } = given();
    const first = await turnstile.enter(false);
    leave(turnstile, first, 'good');
    const flight = await Promise.all(Array.from({ length: 10 }, () => turnstile.enter(false)));
    for (const turn of flight) leave(turnstile, turn, 'bad');

    const tried: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      for (let mail = 0; mail < 50; mail += 1) {
        const turn = await turnstile.enter(false);
        if (turn.kind === 'go') tried.push(second);
        leave(turnstile, turn, 'bad');
      }
      await clock.pass(SECOND);
    }

    expect(tried).toEqual([0, 5, 13, 25, 42, 68, 98]);
  });

  it('takes no success for proof that began before the last failure', async () => {
    const { turnstile } = given();
    leave(turnstile, await turnstile.enter(false), 'good');
    const [one, other] = [await turnstile.enter(false), await turnstile.enter(false)];

    leave(turnstile, one, 'bad');
    leave(turnstile, other, 'good');

    expect(await turnstile.enter(false)).toMatchObject({ kind: 'go', ticket: { probe: true } });
  });

  it('begins with the shortest quiet time again after a success', async () => {
    const { turnstile, clock } = given();
    for (const wait of [5, 7.5]) {
      leave(turnstile, await turnstile.enter(false), 'bad');
      expect(await turnstile.enter(false)).toEqual({ kind: 'quiet', until: clock.now() + wait * SECOND });
      await clock.pass(wait * SECOND);
    }
    leave(turnstile, await turnstile.enter(false), 'good');
    leave(turnstile, await turnstile.enter(false), 'bad');

    leave(turnstile, await turnstile.enter(false), 'bad');

    expect(turnstile.quietUntil).toBe(clock.now() + 5 * SECOND);
  });

  it('lets mail that has nobody else try after a failure or two, and then leaves the provider alone, too', async () => {
    const { turnstile } = given();
    let tried = 0;
    for (let mail = 0; mail < 20; mail += 1) {
      const turn = await turnstile.enter(true);
      if (turn.kind === 'go') tried += 1;
      leave(turnstile, turn, 'bad');
    }

    expect(tried).toBe(3);
  });

  it('forgets its failures when the circuits are reset', async () => {
    const { turnstile } = given();
    leave(turnstile, await turnstile.enter(false), 'bad');

    turnstile.reset();

    expect((await turnstile.enter(false)).kind).toBe('go');
  });

  it('keeps nobody away because a clock was put back', async () => {
    const { turnstile, clock } = given();
    await clock.pass(86_400 * SECOND);
    leave(turnstile, await turnstile.enter(false), 'bad');

    clock.set(clock.now() - 3_600 * SECOND);

    expect((await turnstile.enter(false)).kind).toBe('go');
  });
});

function given() {
  const clock = manualClock();
  return { clock, turnstile: new LocalProbe(clock, () => 0, circuitTimes(1)) };
}

function leave(turnstile: LocalProbe, turn: Turn, answer: 'good' | 'bad'): void {
  if (turn.kind === 'go') turnstile.leave(turn.ticket, answer);
}
