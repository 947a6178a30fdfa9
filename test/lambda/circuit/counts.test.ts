import { describe, expect, it } from 'vitest';
import { UnreportedCounts } from '../../../lambda/circuit/counts.ts';
import { circuitTimes } from '../../../lambda/circuit/times.ts';
import { total } from '../../../lambda/circuit/window.ts';
import { manualClock } from '../../support/manual-clock.ts';

/**
 * Creates the counts that a worker has not reported yet, and records the number of failures in each report. The first report
 * waits until `end` is called, then returns the result of `finds`.
 */
function givenReports(finds: (counts: UnreportedCounts) => unknown) {
  const reported: number[] = [];
  const first = Promise.withResolvers<void>();
  const counts: UnreportedCounts = new UnreportedCounts(manualClock(), circuitTimes(1), async (_, window) => {
    reported.push(total(window).failures);
    if (reported.length > 1) return true;
    await first.promise;
    return finds(counts);
  });
  return { counts, reported, end: first.resolve };
}

it('reports failures again that the table did not take, together with those since', async () => {
  const { counts, reported, end } = givenReports(() => undefined);

  const one = counts.bad('postmark', 'no-answer');
  await Promise.resolve();
  const two = counts.bad('postmark', 'no-answer');
  end();
  await Promise.all([one, two]);

  expect(reported).toEqual([1, 2]);
});

it('reports no failure from before a reset that it learns of by its own report', async () => {
  const { counts, reported, end } = givenReports((own) => own.forget('postmark'));

  const one = counts.bad('postmark', 'no-answer');
  await Promise.resolve();
  const two = counts.bad('postmark', 'no-answer');
  end();
  await Promise.all([one, two]);

  expect(reported).toEqual([1]);
});

it('counts from zero after a reset', async () => {
  const { counts, reported, end } = givenReports((own) => own.forget('postmark'));
  end();

  await counts.bad('postmark', 'no-answer');
  await counts.bad('postmark', 'no-answer');

  expect(reported).toEqual([1, 1]);
});

describe('more than two reports in a second', () => {
  const givenCounts = (answer: (report: number) => unknown = () => true) => {
    const clock = manualClock();
    const reported: number[] = [];
    const counts = new UnreportedCounts(clock, circuitTimes(1), async (_, window) => {
      reported.push(total(window).failures);
      return answer(reported.length);
    });
    return { clock, counts, reported };
  };

  it('are one, when the second is over, and no message waits for it', async () => {
    const { clock, counts, reported } = givenCounts();

    for (let failure = 0; failure < 6; failure += 1) await counts.bad('postmark', 'no-answer');
    expect(reported).toEqual([1, 1]);

    await clock.pass(1_000);
    expect(reported).toEqual([1, 1, 4]);
  });

  it('are possible again a second later', async () => {
    const { clock, counts, reported } = givenCounts();

    for (let second = 0; second < 3; second += 1) {
      await counts.bad('postmark', 'no-answer');
      await counts.bad('postmark', 'no-answer');
      await clock.pass(1_000);
    }

    expect(reported).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('are forgotten by a reset', async () => {
    const { clock, counts, reported } = givenCounts();

    for (let failure = 0; failure < 6; failure += 1) await counts.bad('postmark', 'no-answer');
    counts.forget('postmark');
    await clock.pass(2_000);

    expect(reported).toEqual([1, 1]);
  });

  it('do not stop because a clock was set back', async () => {
    const { clock, counts, reported } = givenCounts();

    await counts.bad('postmark', 'no-answer');
    await counts.bad('postmark', 'no-answer');
    clock.set(clock.now() - 3_600_000);
    await counts.bad('postmark', 'no-answer');

    expect(reported).toEqual([1, 1, 1]);
  });

  it('follow a report for which the table was busy, with its counts', async () => {
    const { clock, counts, reported } = givenCounts((report) => (report <= 2 ? 'busy' : true));

    await counts.bad('postmark', 'no-answer');
    await counts.bad('postmark', 'no-answer');
    expect(reported).toEqual([1]);

    await clock.pass(1_000);
    await clock.pass(1_000);
    await clock.pass(1_000);
    expect(reported).toEqual([1, 2, 2]);
  });
});
