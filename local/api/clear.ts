import { setTimeout as pause } from 'node:timers/promises';
import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { emptyTable } from '../aws/empty-table.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import { findFunction } from '../template/find-function.ts';
import type { Live } from './live.ts';

/** Longest wait in milliseconds for mail that is being sent. An attempt at a provider that hangs would take longer, and is aborted. */
const WAIT_MS = 3_000;
const POLL_MS = 20;

/**
 * Resets a running stack to its state after the start, for example for the next test. Ends all faults, and deletes messages, table
 * items, metrics, logs, delivery events and the providers' own suppression lists. First waits at most {@link WAIT_MS} until no mail
 * is being sent. Objects in the S3 bucket stay.
 */
export async function clearStack(live: Live, faults: FaultBoard, monitoring: LocalCloudWatch): Promise<void> {
  const { aws, dynamodb, deployment, functions, sender, simulators } = live;
  const reporters = Object.values(live.receiving?.reporters ?? {});
  // The reporters of delivery events are cleared a second time below: a provider may still accept a mail that is being sent, and then
  // reports events.
  await Promise.all(reporters.map((reporter) => reporter.clear(WAIT_MS)));
  for (const scope of [AWS_SCOPE, ...(sender?.environment.providers ?? []).map(({ key }) => key)])
    await faults.clear(scope);
  const queues = [...(aws?.queues.allQueues() ?? [])].filter((queue) => queue instanceof LocalQueue);
  const read = new Set(deployment?.mappings.map(({ queueArn }) => queueArn));
  const isBusy = () => queues.some(({ arn, inflightMessages }) => read.has(arn) && inflightMessages.size > 0);
  // The sender may still put a mail that is being sent on a retry queue, so the queues are emptied again and again.
  for (const end = Date.now() + WAIT_MS; ; await pause(POLL_MS)) {
    for (const queue of queues) queue.dropWaiting();
    if (!isBusy() || Date.now() >= end) break;
  }
  await Promise.all(reporters.map((reporter) => reporter.clear(WAIT_MS)));
  for (const queue of queues) queue.purge();
  const emptyTables = async () => {
    for (const { TableName } of deployment?.tables ?? []) if (dynamodb) await emptyTable(dynamodb.url, TableName);
  };
  if (sender) await functions?.renew(sender.function.name);
  await emptyTables();
  // The health function gets new processes. An old process has counts of past hours in memory, and a run in progress may write back
  // items that it read before.
  const health = deployment && findFunction(deployment, healthEnvironment);
  if (health) await functions?.renew(health.function.name, WAIT_MS);
  await emptyTables();
  simulators?.clear();
  live.received?.clear();
  live.submissions?.clear();
  live.buses.clear();
  monitoring.clear();
}
