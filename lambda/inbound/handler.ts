import { deploymentEnvironment } from '../contract/deployment.ts';
import { inboundEnvironment } from '../contract/inbound-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Bucket } from '../platform/object-store.ts';
import { sqsQueueOneTry } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadInbound, loadNotifications } from '../providers/registry.ts';
import { webhookHandler } from '../webhook/handler.ts';
import { createInbound } from './inbound.ts';
import { createReceived } from './received.ts';

const environment = inboundEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const dependencies = {
  environment,
  loadModule: loadInbound,
  loadNotifications,
  secrets: managedSecrets(metrics),
  store: s3Bucket(environment.mailBucket),
  queue: sqsQueueOneTry,
  table: dynamoTable(environment.stateTable),
  fetch,
  log: powertoolsLog,
  metrics,
  clock: systemClock,
};

/** Receives mail: over HTTP, or through the bucket. */
export const handler = webhookHandler({
  takePosted: createInbound(dependencies),
  takeRecord: createReceived(dependencies),
  log: powertoolsLog,
  metrics,
});
