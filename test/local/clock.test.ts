import { expect, it } from 'vitest';
import { circuitItem, circuitKey, readCircuitItem, readIsolation, switchKey } from '../../lambda/circuit/items.ts';
import { isolate } from '../../lambda/circuit/operator-switch.ts';
import { rescaleCircuits } from '../../local/api/circuits.ts';
import { LocalQueues } from '../../local/aws/queue.ts';
import { StackClock } from '../../local/clock.ts';
import { memoryTable } from '../support/memory-table.ts';

it('runs as real time at scale 1', () => {
  const clock = new StackClock(1, () => 5_000);

  expect([clock.now(), clock.toReal(7_000), clock.toStack(3_000)]).toEqual([5_000, 7_000, 3_000]);
});

it('changes its speed without a jump, and still converts times before the change', () => {
  let now = 1_000;
  const clock = new StackClock(1, () => now);
  now = 2_000;
  clock.setScale(60);
  now = 3_000;

  expect(clock.now()).toBe(62_000);
  expect([clock.toReal(62_000), clock.toReal(2_000), clock.toReal(1_500)]).toEqual([3_000, 2_000, 1_500]);
  expect([clock.toStack(1_500), clock.toStack(2_500)]).toEqual([1_500, 32_000]);
});

it('calls back once for a change, and not for the same scale', () => {
  const clock = new StackClock(1, () => 0);
  const told: number[] = [];
  clock.onChange((scale) => told.push(scale));
  clock.setScale(1);
  clock.setScale(60);

  expect(told).toEqual([60]);
});

it('shortens running waits of queues, circuits and isolations when it runs faster', async () => {
  const clock = new StackClock(1);
  const queues = new LocalQueues(clock);
  const queue = queues.add('waiting', { VisibilityTimeout: '30' });
  const now = Date.now();
  const message = { messageId: 'm', body: '', md5OfBody: '', messageAttributes: {}, md5OfMessageAttributes: '' };
  queue.enqueue({ ...message, sentTimestamp: now, approximateReceiveCount: 0, delayUntil: now + 60_000 });
  const table = memoryTable();
  const cause = { blames: 'outage', reason: 'server-error' } as const;
  const circuit = { kind: 'open', since: now - 60_000, until: now + 60_000, trips: 1, cause } as const;
  await table.write(circuitItem('postmark', undefined, { circuit }, now), undefined);

  await isolate(table, 'ses', { reason: 'a test', who: 'ada', forMs: 3_600_000 }, now);

  clock.setScale(60);
  await rescaleCircuits(table, ['postmark', 'ses'], 60);

  expect((queue.delayedMessages[0]?.delayUntil ?? 0) - now).toBeLessThan(5_000);
  const moved = readCircuitItem(table.items.get(circuitKey('postmark'))).circuit;
  expect(moved).toMatchObject({ kind: 'open', trips: 1, cause });
  expect(moved.kind === 'open' ? moved.until - now : 0).toBeLessThan(5_000);
  const isolated = readIsolation(table.items.get(switchKey('ses')));
  expect((isolated?.until ?? 0) - now).toBeLessThan(61_000);
  expect((isolated?.until ?? 0) - now).toBeGreaterThan(55_000);
  expect(clock.since.real).toBeGreaterThanOrEqual(now);
});
