import { describe, expect, it } from 'vitest';
import { createGate } from '../../../lambda/circuit/gate.ts';
import { circuitKey, readCircuitItem } from '../../../lambda/circuit/items.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { Log } from '../../../lambda/platform/log.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { memoryTable } from '../../support/memory-table.ts';
import { distant, drawsOf, type Faults, Time } from './distant-table.ts';
import { accepted, mailgun, outage, postmark } from './given-gate.ts';

const SECOND = 1_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('writes to the item of a circuit', () => {
  it.each([
    { workers: 2, failing: 0.1 },
    { workers: 5, failing: 0.2 },
    { workers: 50, failing: 0.1 },
    { workers: 50, failing: 0.4 },
  ])(
    'are at most eight a second for each of $workers workers while $failing of 300 mails a second fail',
    async (given) => {
      const { writes } = await run(given);

      expect(writes.length).toBeGreaterThan(0);
      expect(busiest(writes)).toBeLessThanOrEqual(8);
    },
  );

  it('are enough to open it within seconds when every mail fails', async () => {
    const { openedAt, writes } = await run({ workers: 50, failing: 1 });

    expect(openedAt).toBeLessThan(3 * SECOND);
    expect(busiest(writes)).toBeLessThanOrEqual(8);
  });

  it('change nothing while the table throttles them, and are made later', async () => {
    const { openedAt, writes } = await run({ workers: 5, failing: 1, throttled: (_, at) => at < 5 * SECOND });

    expect(openedAt).toBeGreaterThanOrEqual(5 * SECOND);
    expect(openedAt).toBeLessThan(8 * SECOND);
    expect(busiest(writes)).toBeLessThanOrEqual(8);
  });
});

interface Given extends Faults {
  readonly workers: number;
  /** Fraction of the mails that fail. */
  readonly failing: number;
}

/**
 * Sends three hundred mails a second for twenty seconds; returns all writes of the workers to the table, and the time when the
 * circuit breaker opened.
 */
async function run({ workers, failing, ...faults }: Given) {
  const time = new Time();
  const random = drawsOf(7);
  const shared = memoryTable();
  const writes: { readonly worker: number; readonly at: number }[] = [];
  let openedAt = Infinity;
  for (let worker = 0; worker < workers; worker += 1) {
    const clock = time.clock(Math.round(100 * random()) - 50);
    const far = distant(shared, time, random, faults);
    const table: Table = {
      ...far,
      write: (item, expected) => {
        writes.push({ worker, at: time.now });
        return far.write(item, expected);
      },
    };
    const gate = createGate({ providers: [postmark, mailgun], workers, table, clock, random, log: SILENT });
    const sendOne = async (id: string) => {
      const entry = await gate.enter(postmark, { id, queueKind: 'fresh' });
      if (entry.kind === 'skip') return;
      await clock.sleep(50 + 100 * random());
      const outcome: Outcome = random() < failing ? outage : accepted;
      await entry.leave([outcome]);
    };
    void (async () => {
      for (let number = 0; ; number += 1) {
        await clock.sleep((workers / 300) * SECOND * 2 * random());
        void sendOne(`${worker}-${number}`);
      }
    })();
  }
  while (time.now < 20 * SECOND) {
    await time.pass(SECOND / 10);
    const { circuit } = readCircuitItem(shared.items.get(circuitKey('postmark')));
    if (circuit.kind === 'open') openedAt = Math.min(openedAt, time.now);
  }
  return { writes, openedAt };
}

/** Returns the largest number of writes that any worker made in any second. */
function busiest(writes: readonly { readonly worker: number; readonly at: number }[]): number {
  const byWorker = Map.groupBy(writes, ({ worker }) => worker);
  return Math.max(
    0,
    ...[...byWorker.values()].flatMap((list) =>
      list.map(({ at }) => list.filter((other) => other.at >= at && other.at < at + SECOND).length),
    ),
  );
}
