import { afterPreparing, type Gate } from '../../lambda/circuit/admission.ts';
import { createGate } from '../../lambda/circuit/gate.ts';
import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { type Evidence, eventEvidence } from '../../lambda/events/evidence.ts';
import type { Clock } from '../../lambda/platform/clock.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { RenewableObjects } from '../../lambda/platform/object-store.ts';
import { queueProofs } from '../../lambda/platform/proof.ts';
import type { Queue } from '../../lambda/platform/queue.ts';
import type { Secrets } from '../../lambda/platform/secrets.ts';
import type { NewItem, Table } from '../../lambda/platform/table.ts';
import { definitions } from '../../lambda/providers/registry.ts';
import { type ClassGuard, classGuard } from '../../lambda/reputation/class-guard.ts';
import { sendBatch } from '../../lambda/sender/batch.ts';
import type { CallProvider, LookUp } from '../../lambda/sender/call.ts';
import { createSender } from '../../lambda/sender/sender.ts';
import { EXEMPT } from '../mails/classes.ts';
import { hashesOf, type ListsSeam } from '../world/events.ts';
import type { Handler } from '../world/lambda.ts';
import { SILENT_LOG } from '../world/silent-log.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { callOf, lookUpOf, prepareOf } from './ports.ts';

/** All interfaces through which one process of the sender reaches the simulated services. */
export interface Ports {
  readonly environment: SenderEnvironment;
  readonly table: Table;
  readonly queue: Queue;
  readonly objects: RenewableObjects;
  readonly call: CallProvider;
  readonly lookUp: LookUp;
  readonly evidence: Evidence;
  readonly classes: ClassGuard;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/**
 * Functions that change the interfaces between a process and the simulated services. Tests use these functions to plant defects.
 * The same defects still work after the code behind the interfaces has been redesigned.
 */
export interface Seams {
  readonly ports?: (ports: Ports, worker: SimulatedWorker) => Ports;
  readonly lists?: ListsSeam;
  readonly gate?: (gate: Gate, worker: SimulatedWorker) => Gate;
  readonly handler?: (handler: Handler, worker: SimulatedWorker) => Handler;
}

/** Sets up a process with the current code of the sender, as `lambda/sender/handler.ts` does. */
export function currentProcess(worker: SimulatedWorker, world: SimulatedWorld, seams: Seams = {}): Handler {
  const random = world.random(`process ${worker.name}`);
  const secrets = world.secretsOf(worker);
  const table = worker.release === 'newer' ? withLaterFields(world.table.of(worker), worker) : world.table.of(worker);
  const lists = world.table.lists(worker);
  const given: Ports = {
    environment: world.environment,
    table,
    queue: world.queuesOf(worker),
    objects: world.objects.of(worker),
    call: callOf(world, worker, secrets),
    lookUp: lookUpOf(world, worker, secrets),
    evidence: eventEvidence(lists, hashesOf),
    classes: classGuard({
      table,
      lists,
      process: worker.name,
      exempt: new Set(EXEMPT),
      clock: worker.clock,
      log: SILENT_LOG,
      timeScale: 1,
    }),
    secrets,
    clock: worker.clock,
  };
  const ports = seams.ports?.(given, worker) ?? given;
  const edges = { log: SILENT_LOG, random: () => random.next() };
  const metrics = { add: () => undefined };
  const gate = afterPreparing(prepareOf(ports.secrets), createGate({ ...ports.environment, ...ports, ...edges }));
  const send = createSender({
    ...ports,
    ...edges,
    definitions,
    proofs: queueProofs(ports.environment.proofSecret, ports.secrets, ports.clock, metrics),
    gate: seams.gate?.(gate, worker) ?? gate,
    metrics,
  });
  const handler: Handler = async (records, remainingMs) => {
    const response = await sendBatch(records, remainingMs, { send, ...ports, ...edges });
    await ports.classes.report();
    return response;
  };
  return seams.handler?.(handler, worker) ?? handler;
}

/**
 * Returns the table as a later release uses it: each item has one more field at the top level and one more field in each attempt,
 * which this release does not have.
 */
function withLaterFields(table: Table, worker: SimulatedWorker): Table {
  return {
    ...table,
    write: (item, expected) => {
      const attempts = (item['attempts'] as readonly object[] | undefined)?.map((one) => ({ laterField: 1, ...one }));
      const later: NewItem = { ...item, laterBy: worker.name, ...defined({ attempts }) };
      return table.write(later, expected);
    },
  };
}
