import { expect, it } from 'vitest';
import { UnreportedCounts } from '../../../lambda/circuit/counts.ts';
import { circuitTimes } from '../../../lambda/circuit/times.ts';
import { total } from '../../../lambda/circuit/window.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** Reports of a worker; the first one lasts until `end`, and then finds the circuit as `finds` says. */
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
