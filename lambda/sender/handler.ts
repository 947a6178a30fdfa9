import { randomUUID } from 'node:crypto';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterPreparing } from '../circuit/admission.ts';
import { createGate } from '../circuit/gate.ts';
import { deploymentEnvironment, refuseStageWithoutSimulators } from '../contract/deployment.ts';
import { senderEnvironment } from '../contract/environment.ts';
import { eventEvidence } from '../events/evidence.ts';
import { systemClock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Bucket } from '../platform/object-store.ts';
import { queueProofs } from '../platform/proof.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { providerPool } from '../providers/pool.ts';
import { definitions, loadProvider } from '../providers/registry.ts';
import { classGuard } from '../reputation/class-guard.ts';
import { addressHashes } from '../suppression/hash.ts';
import { suppressionReader } from '../suppression/list.ts';
import { unsubscribeToken } from '../suppression/unsubscribe-token.ts';
import { verifiedRecipients } from '../suppression/verified.ts';
import { sendBatch } from './batch.ts';
import { providerCaller, providerLookUp } from './call.ts';
import { preload } from './preload.ts';
import { rehearse } from './rehearse.ts';
import { createSender } from './sender.ts';
import type { SenderContext } from './work.ts';

const environment = senderEnvironment.decode(process.env);
const deployment = deploymentEnvironment.decode(process.env);
refuseStageWithoutSimulators(deployment, environment);
const metrics = emfMetrics(deployment);
const secrets = managedSecrets(metrics);
const registry = { definitions, loadProvider };
const pool = providerPool(registry, secrets, environment.endpoints ?? {}, {
  ...deployment,
  log: powertoolsLog,
  metrics,
});

const common = {
  table: dynamoTable(environment.stateTable),
  log: powertoolsLog,
  clock: systemClock,
  random: Math.random,
};

const gate = createGate({ ...environment, ...common });
const classes = guardOfClasses();

const context: SenderContext = {
  environment,
  definitions,
  call: providerCaller(pool),
  queue: sqsQueue,
  proofs: queueProofs(environment.proofSecret, secrets, systemClock, metrics),
  objects: s3Bucket(environment.mailBucket, { renews: true }),
  ...dependenciesWithKey(),
  metrics,
  redirectTo: deployment.redirectTo,
  lookUp: providerLookUp(pool),
  gate: afterPreparing(pool.prepare, gate),
  classes,
  ...common,
};
const send = createSender(context);

/**
 * Returns the dependencies that need the key of the suppression list: the suppression list, the verified recipients, the tokens
 * of unsubscribe links and, if the table of delivery events is configured, the delivery events. Returns an empty object if the
 * key is not configured, since then neither delivery events nor unsubscribe links are configured.
 */
function dependenciesWithKey(): Pick<SenderContext, 'suppressions' | 'evidence' | 'unsubscribeToken' | 'verified'> {
  const { suppressionSecret, listsTable } = environment;
  if (suppressionSecret === undefined) return {};
  const hashes = addressHashes(secrets, suppressionSecret);
  return {
    suppressions: suppressionReader(common.table, secrets, suppressionSecret, systemClock),
    verified: verifiedRecipients(common.table, hashes, systemClock.now),
    unsubscribeToken: async (one) => unsubscribeToken(one, await secrets.read(suppressionSecret)),
    ...defined({
      evidence: listsTable === undefined ? undefined : eventEvidence(dynamoListTable(listsTable), hashes),
    }),
  };
}

/**
 * Returns an object that counts the accepted recipients of each class of mail, and tells whether a class is paused. Another
 * function decides that a class is paused, because of too many bounces or complaints. Returns undefined if no class of mail can
 * be paused.
 */
function guardOfClasses(): SenderContext['classes'] {
  const { listsTable, routes = [], classesPause, timeScale, timeScaleSince, stackTimeSince } = environment;
  if (listsTable === undefined || !classesPause) return undefined;
  return classGuard({
    ...common,
    lists: dynamoListTable(listsTable),
    process: randomUUID(),
    exempt: new Set(routes.flatMap((route) => (route.pauseAbove === false ? [route.class] : []))),
    timeScale,
    timeScaleSince,
    stackTimeSince,
  });
}

// Code is loaded and compiled while the process starts, since Lambda gives the process a whole CPU only during the start. Later
// the process has only a share of a CPU, in proportion to its memory. Then loading and compiling would delay the first mail for
// longer. Only the code of the provider that is likely to be tried first is loaded here. The code of any other provider is loaded
// when this provider is first used.
await preload(environment, { pool, gate, rehearse: (first) => rehearse(first, registry, context, deployment) });

export async function handler({ Records }: SQSEvent, lambda: Context): Promise<SQSBatchResponse> {
  const response = await sendBatch(Records, () => lambda.getRemainingTimeInMillis(), { send, ...common });
  await Promise.all([metrics.flush(), classes?.report()]);
  return response;
}
