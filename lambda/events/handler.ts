import { deploymentEnvironment } from '../contract/deployment.ts';
import { eventsEnvironment } from '../contract/events-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadEvents, loadPublishedEvents } from '../providers/registry.ts';
import { unwantedNotes } from '../reputation/hours.ts';
import { addressIndex } from '../suppression/addresses.ts';
import { suppressionDoubt } from '../suppression/doubt.ts';
import { addressHashes } from '../suppression/hash.ts';
import { suppressionList } from '../suppression/list.ts';
import { unsubscribes } from '../suppression/unsubscribes.ts';
import { verifiedRecipients } from '../suppression/verified.ts';
import { webhookHandler } from '../webhook/handler.ts';
import { createEventIntake } from './intake.ts';
import { createPublishedIntake } from './published.ts';

const environment = eventsEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const secrets = managedSecrets(metrics);
const table = dynamoTable(environment.stateTable);
const lists = dynamoListTable(environment.listsTable);
const hashes = addressHashes(secrets, environment.suppressionSecret);
const dependencies = {
  environment,
  loadModule: loadEvents,
  loadReader: loadPublishedEvents,
  secrets,
  table,
  lists,
  hashes,
  unsubscribes: unsubscribes(table, hashes, systemClock.now),
  verified: verifiedRecipients(table, hashes, systemClock.now),
  suppressions: suppressionList(table, addressIndex(lists), secrets, environment.suppressionSecret, systemClock),
  doubt: suppressionDoubt({ ...environment, lists, table, clock: systemClock }),
  noteUnwanted: unwantedNotes(lists, { ...environment, clock: systemClock }),
  queue: sqsQueue,
  log: powertoolsLog,
  metrics,
  clock: systemClock,
};

/**
 * Lambda handler that processes delivery events. Providers post them over HTTP, or publish them to an SNS topic that forwards
 * them to an SQS queue.
 */
export const handler = webhookHandler({
  takePosted: createEventIntake(dependencies),
  takeRecord: createPublishedIntake(dependencies),
  log: powertoolsLog,
  metrics,
});
