import { expect, it } from 'vitest';
import type { FaultKind } from '../../chaos/faults/kinds.ts';
import { Faults } from '../../chaos/faults/plan.ts';
import { lostEvents, wrongStates } from '../../chaos/oracle/rules/events.ts';
import { Random } from '../../chaos/random.ts';
import { SimulatedEvents } from '../../chaos/world/events.ts';
import type { Call } from '../../chaos/world/provider.ts';
import { SimulatedTable } from '../../chaos/world/table.ts';
import { Timeline } from '../../chaos/world/timeline.ts';

const MAILS = 10_000;

/** Runs the simulated events of many mails. The seed decides the order of the events; faults affect a part of the calls. */
async function report(seed: number, faults: Readonly<Partial<Record<FaultKind, number>>> = {}) {
  const timeline = new Timeline(0);
  const windows = Object.entries(faults).map(([kind, rate]) => ({
    kind: kind as FaultKind,
    from: 0,
    to: Infinity,
    rate,
  }));
  const given = new Faults(windows, () => timeline.now);
  const watcher = { written: () => {}, failed: () => {} };
  const table = new SimulatedTable(timeline, given, new Random(seed, 'table'), watcher);
  const events = new SimulatedEvents(timeline, given, new Random(seed, 'events'), table);
  for (let mail = 0; mail < MAILS; mail += 1) {
    const message = { id: `order-${mail}`, handle: 'A' };
    // A mail that the provider accepts while the answer is lost always gets events. The simulated events read only these fields
    // of a call.
    const call = { attempt: { message, number: 1 }, fault: 'hang-taken' } as unknown as Call;
    events.accepted('postmark', call, ['ada@example.org'], `p-${mail}`);
    // Every hundredth mail is also accepted by a second provider.
    if (mail % 100 === 0) events.accepted('mailgun', call, ['ada@example.org'], `m-${mail}`);
  }
  await timeline.run(Infinity, () => events.pending === 0);
  return events;
}

it.each([1, 2])(
  'events of 10,000 mails in the order of seed %i, a fifth of them doubled, end in the right states',
  async (seed) => {
    const events = await report(seed);

    expect(events.eventSequences).toHaveLength(MAILS * 1.01);
    expect([...lostEvents({ events }), ...wrongStates({ events })]).toEqual([]);
  },
  120_000,
);

it('with half of the writes of events failing, a tenth of the processes killed, none is lost', async () => {
  const events = await report(3, { 'table-errors': 0.5, kill: 0.1, 'sqs-errors': 0.2 });

  expect([...lostEvents({ events }), ...wrongStates({ events })]).toEqual([]);
}, 240_000);
