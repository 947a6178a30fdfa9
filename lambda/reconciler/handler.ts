import type { Context } from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { reconcilerEnvironment } from '../contract/reconciler-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Bucket } from '../platform/object-store.ts';
import { sqsQueueOneTry } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadInbound, loadMissed } from '../providers/registry.ts';
import { createReconciler } from './reconciler.ts';

const environment = reconcilerEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const reconcile = createReconciler({
  environment,
  loadInbound,
  loadMissed,
  secrets: managedSecrets(metrics),
  store: s3Bucket(environment.mailBucket),
  queue: sqsQueueOneTry,
  table: dynamoTable(environment.stateTable),
  fetch,
  log: powertoolsLog,
  metrics,
  clock: systemClock,
});

/** Lambda handler of the reconciler, which finds mail that a provider received, but that did not arrive at this deployment. */
export async function handler(_event: unknown, lambda: Context): Promise<void> {
  try {
    await reconcile(() => lambda.getRemainingTimeInMillis());
  } finally {
    await metrics.flush();
  }
}
