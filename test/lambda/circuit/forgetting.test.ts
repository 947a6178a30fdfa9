import { expect, it } from 'vitest';
import type { Admission } from '../../../lambda/circuit/admission.ts';
import { circuitItem, circuitKey, readCircuitItem } from '../../../lambda/circuit/items.ts';
import { accepted, givenWorld, leave, outage, postmark, suspended, type Worker, type World } from './given-gate.ts';

/** Does what `DELETE /api/circuits` does for one provider: writes a new circuit breaker to the table. */
async function reset({ table, clock }: World): Promise<void> {
  const item = table.items.get(circuitKey(postmark.key));
  const fresh = { circuit: { kind: 'closed', since: 0, trips: 0, window: [] } } as const;
  const wanted = { ...circuitItem(postmark.key, item, fresh, clock.now()), resetAt: clock.now() };
  await table.write(wanted, item?.rev);
}

const stateOf = ({ table }: World) => readCircuitItem(table.items.get(circuitKey(postmark.key))).circuit.kind;

it.each([
  ['that has not read the table since', 0, false],
  ['that has read it since', 20_000, false],
  ['that has not read the table since, nor ever found the circuit on it', 0, true],
])('an attempt from before a reset says nothing about the present, by a worker %s', async (_, laterMs, isFirst) => {
  const world = givenWorld();
  const one = world.worker();
  await one.attempt(accepted);
  // Before the first failure the table has no item of the circuit breaker, unless a reset has written this item.
  if (!isFirst) await reset(world);
  await world.clock.pass(20_000);
  await one.attempt(accepted);
  const underWay = await one.enter();
  await world.clock.pass(1_000);

  await reset(world);
  await world.clock.pass(laterMs);
  if (laterMs > 0) await one.attempt(accepted);
  await leave(underWay, suspended);

  expect(stateOf(world)).toBe('closed');
  expect(await one.attempt(accepted)).toBe('went');
});

it('an attempt that began after a reset counts', async () => {
  const world = givenWorld();
  const one = world.worker();
  await one.attempt(accepted);
  await reset(world);
  await world.clock.pass(20_000);
  await one.attempt(accepted);

  await one.attempt(suspended);

  expect(stateOf(world)).toBe('open');
});

it('an attempt from before the deletion of a circuit says nothing about the present', async () => {
  const world = givenWorld();
  const one = world.worker();
  await one.attempt(accepted);
  await one.attempt(outage);
  const underWay = await one.enter();

  world.table.items.clear();
  await leave(underWay, suspended);

  expect(world.table.items.has(circuitKey(postmark.key))).toBe(false);
});

it('an attempt of a worker that never could read the table counts, unless the circuit was reset since it started', async () => {
  const world = givenWorld();
  await reset(world);
  await world.clock.pass(1_000);
  const workers = [world.worker(), world.worker()];
  const underWay = await Promise.all(workers.map((one) => unread(world, one)));
  await leave(underWay[0] as Admission, suspended);
  expect(stateOf(world)).toBe('open');

  await reset(world);
  await leave(underWay[1] as Admission, suspended);
  expect(stateOf(world)).toBe('closed');
});

/** Begins an attempt while the table fails; returns whether the gate admits the attempt. */
async function unread({ table, clock }: World, one: Worker): Promise<Admission> {
  table.behavior = 'fail';
  const entry = one.enter();
  await clock.pass(1_000);
  table.behavior = 'work';
  return entry;
}
