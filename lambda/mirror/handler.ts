import type { Context } from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { mirrorEnvironment } from '../contract/mirror-environment.ts';
import type { SuppressionAnswer } from '../contract/suppression-command.ts';
import { systemClock } from '../platform/clock.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadOwnList } from '../providers/registry.ts';
import { addressIndex } from '../suppression/addresses.ts';
import { suppressionDoubt } from '../suppression/doubt.ts';
import { addressHashes } from '../suppression/hash.ts';
import { suppressionList } from '../suppression/list.ts';
import { pendingRemovals } from '../suppression/removals.ts';
import { unsubscribes } from '../suppression/unsubscribes.ts';
import { createCommands } from './commands.ts';

const environment = mirrorEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const secrets = managedSecrets(metrics);
const table = dynamoTable(environment.stateTable);
const lists = dynamoListTable(environment.listsTable);
const index = addressIndex(lists);
const hashes = addressHashes(secrets, environment.suppressionSecret);
const answer = createCommands({
  environment,
  suppressions: suppressionList(table, index, secrets, environment.suppressionSecret, systemClock),
  unsubscribes: unsubscribes(table, hashes, systemClock.now),
  index,
  removals: pendingRemovals(lists, hashes),
  doubt: suppressionDoubt({ ...environment, providers: environment.reporting, lists, table, clock: systemClock }),
  secrets,
  fetch,
  clock: systemClock,
  log: powertoolsLog,
  metrics,
  loadOwnList,
});

/**
 * Lambda handler that copies new entries between the suppression list and the providers' own lists once a day, and carries out
 * the commands of operators.
 */
export async function handler(event: unknown, lambda: Context): Promise<SuppressionAnswer> {
  try {
    return await answer(event, () => lambda.getRemainingTimeInMillis());
  } finally {
    await metrics.flush();
  }
}
