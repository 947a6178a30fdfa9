import { createGate } from '../../lambda/circuit/gate.ts';
import { letterProofs } from '../../lambda/platform/proof.ts';
import type { NewItem, Table } from '../../lambda/platform/table.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import { sendBatch } from '../../lambda/sender/batch.ts';
import { createSender } from '../../lambda/sender/sender.ts';
import type { Handler } from '../world/lambda.ts';
import type { Worker } from '../world/worker.ts';
import type { World } from '../world/world.ts';
import { callOf, lookUpOf, SILENT_LOG } from './ports.ts';
import { withoutLineage, withoutSignature } from './simple.ts';

/** A process of this release, as `lambda/sender/handler.ts` sets it up. */
export function currentProcess(worker: Worker, world: World): Handler {
  const random = world.random(`process ${worker.name}`);
  const edges = {
    table: tableOf(world.table.of(worker), worker),
    log: SILENT_LOG,
    clock: worker.clock,
    random: () => random.next(),
  };
  const send = createSender({
    environment: world.environment,
    definitions,
    call: callOf(world, worker),
    lookUp: lookUpOf(world, worker),
    gate: createGate({ ...world.environment, ...edges }),
    queue: worker.release === 'simple' ? withoutSignature(world.queuesOf(worker)) : world.queuesOf(worker),
    objects: world.objects.of(worker),
    proofs: letterProofs(world.environment.letterSecret, { read: async () => ({ key: 'simulated' }) }, worker.clock),
    metrics: { add: () => undefined },
    ...edges,
  });
  return (records, remainingMs) => sendBatch(records, remainingMs, { send, ...edges });
}

function tableOf(table: Table, worker: Worker): Table {
  switch (worker.release) {
    case 'newer':
      return withLaterFields(table, worker);
    case 'simple':
      return withoutLineage(table);
    default:
      return table;
  }
}

/** A release to come: its items have a field that this one has never heard of, at the top and in each attempt. */
function withLaterFields(table: Table, worker: Worker): Table {
  return {
    ...table,
    write: (item, expected) => {
      const attempts = (item['attempts'] as readonly object[] | undefined)?.map((one) => ({ laterField: 1, ...one }));
      const later: NewItem = { ...item, laterBy: worker.name, ...(attempts && { attempts }) };
      return table.write(later, expected);
    },
  };
}
