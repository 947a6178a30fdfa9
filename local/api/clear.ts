import { setTimeout as pause } from 'node:timers/promises';
import { healthEnvironment } from '../../lambda/contract/health-environment.ts';
import { emptyTable } from '../aws/empty-table.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import { findFunction } from '../template/find-function.ts';
import type { Live } from './live.ts';

/** Longest wait for mail that is being sent; an attempt at a provider that hangs takes longer, and is cut off. */
const WAIT_MS = 3_000;
const POLL_MS = 20;

/**
 * Puts a running stack back to its beginning, for the next test: repairs faults, and deletes messages, the tables,
 * metrics, logs, news of mail and the providers' own lists. Mail that is being sent ends before, up to a time. Objects in the bucket stay.
 */
export async function clearStack(live: Live, faults: FaultBoard, monitoring: LocalCloudWatch): Promise<void> {
  const { aws, dynamodb, deployment, functions, sender, simulators } = live;
  const reporters = Object.values(live.receiving?.reporters ?? {});
  // Twice: mail that is being sent may still be accepted, and then has news.
  await Promise.all(reporters.map((reporter) => reporter.clear(WAIT_MS)));
  for (const scope of [AWS_SCOPE, ...(sender?.environment.providers ?? []).map(({ key }) => key)])
    await faults.clear(scope);
  const queues = [...(aws?.queues.allQueues() ?? [])].filter((queue) => queue instanceof LocalQueue);
  const read = new Set(deployment?.mappings.map(({ queueArn }) => queueArn));
  const isBusy = () => queues.some(({ arn, inflightMessages }) => read.has(arn) && inflightMessages.size > 0);
  // A mail that is being sent may still be put on a retry queue.
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
  // The health check keeps the counts of past hours in memory, and a run of it may write back what it read before the tables were emptied.
  const health = deployment && findFunction(deployment, healthEnvironment);
  if (health) await functions?.renew(health.function.name, WAIT_MS);
  await emptyTables();
  simulators?.clear();
  live.received?.clear();
  live.submissions?.clear();
  live.buses.clear();
  monitoring.clear();
}
