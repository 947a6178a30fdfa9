import { setTimeout as pause } from 'node:timers/promises';
import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { emptyTable } from '../aws/empty-table.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import type { FaultBoard } from '../faults/faults.ts';
import { findFunction } from '../template/find-function.ts';
import type { Live } from './live.ts';

/**
 * Longest time in milliseconds for which clearing waits for mail that is being sent. An attempt that takes longer, for example
 * because the provider hangs, is aborted.
 */
const WAIT_MS = 3_000;
const POLL_MS = 20;

/**
 * Resets a running stack to its state after the start, for example for the next test. Ends the faults of AWS and of all
 * providers. Deletes messages, table items, metrics, the logs behind the API, delivery events and the providers' own suppression
 * lists. Before this, waits at most {@link WAIT_MS} until no mail is being sent. Objects in the S3 bucket, secrets and the time
 * scale stay as they are.
 */
export async function clearStack(live: Live, faults: FaultBoard, monitoring: LocalCloudWatch): Promise<void> {
  const { aws, dynamodb, deployment, functions, sender, simulators } = live;
  const reporters = Object.values(live.receiving?.reporters ?? {});
  // The reporters of delivery events are cleared here, and a second time below. Between the two a provider may still accept a
  // mail that is being sent, and then reports its events.
  await Promise.all(reporters.map((reporter) => reporter.clear(WAIT_MS)));
  await faults.clearAll();
  const queues = [...(aws?.queues.allQueues() ?? [])].filter((queue) => queue instanceof LocalQueue);
  const read = new Set(deployment?.mappings.map(({ queueArn }) => queueArn));
  const isBusy = () => queues.some(({ arn, inflightMessages }) => read.has(arn) && inflightMessages.size > 0);
  // The sender may still put a mail that is being sent on a retry queue, so the queues are emptied repeatedly.
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
  // The health function gets new processes, since an old process has counts of past hours in memory. A run in progress may also
  // write items that it had read before the tables were emptied, so the tables are emptied again.
  const health = deployment && findFunction(deployment, healthEnvironment);
  if (health) await functions?.renew(health.function.name, WAIT_MS);
  await emptyTables();
  simulators?.clear();
  live.received?.clear();
  live.submissions?.clear();
  live.buses.clear();
  monitoring.clear();
}
