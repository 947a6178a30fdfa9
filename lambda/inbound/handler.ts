import { deploymentEnvironment } from '../contract/deployment.ts';
import { inboundEnvironment } from '../contract/inbound-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Bucket } from '../platform/object-store.ts';
import { sqsQueueOneTry } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadInbound, loadNotifications } from '../providers/registry.ts';
import { addressHashes } from '../suppression/hash.ts';
import { webhookHandler } from '../webhook/handler.ts';
import { createInbound } from './inbound.ts';
import { createReceived } from './received.ts';
import { reportTaker } from './reports.ts';
import type { TakeDependencies } from './take.ts';

const environment = inboundEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const table = dynamoTable(environment.stateTable);
const secrets = managedSecrets(metrics);
const common = { queue: sqsQueueOneTry, table, log: powertoolsLog, metrics, clock: systemClock };
const dependencies = {
  ...common,
  ...reports(),
  environment,
  loadModule: loadInbound,
  loadNotifications,
  secrets,
  store: s3Bucket(environment.mailBucket),
  fetch,
};

/** Returns the dependency `takeReport`; returns an empty object if no provider sends its delivery events as mail. */
function reports(): Pick<TakeDependencies, 'takeReport'> {
  const { reported, eventsQueueUrl, listsTable, suppressionSecret } = environment;
  if (!reported || !eventsQueueUrl || !listsTable || !suppressionSecret) return {};
  return {
    takeReport: reportTaker(reported, {
      ...common,
      environment: { eventsQueueUrl },
      lists: dynamoListTable(listsTable),
      hashes: addressHashes(secrets, suppressionSecret),
    }),
  };
}

/** Lambda handler that receives mail which a provider posts over HTTP, or writes to the S3 bucket. */
export const handler = webhookHandler({
  takePosted: createInbound(dependencies),
  takeRecord: createReceived(dependencies),
  log: powertoolsLog,
  metrics,
});
