import { deploymentEnvironment } from '../contract/deployment.ts';
import { healthEnvironment } from '../contract/health-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { dnsResolver } from '../platform/dns.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { queueProofs } from '../platform/proof.ts';
import { sqsQueue } from '../platform/queue.ts';
import { sqsQueueList } from '../platform/queue-list.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { providerPool } from '../providers/pool.ts';
import { definitions, loadProvider } from '../providers/registry.ts';
import { suppressionDoubt } from '../suppression/doubt.ts';
import { healthAsker } from './ask.ts';
import { blocklistChecker } from './blocklists.ts';
import { sendCanaries } from './canaries.ts';
import { capacityGauge } from './capacity.ts';
import { checkHealth } from './check.ts';
import { classChecker } from './classes.ts';
import { gaugeRemovedQueues } from './removed-queues.ts';

const environment = healthEnvironment.decode(process.env);
const { providers, inboundCanaries = [], proofSecret = '', outboundQueueUrl, stateTable } = environment;
const { endpoints = {}, timeScale = 1, timeScaleSince, stackTimeSince } = environment;
const table = dynamoTable(stateTable);
const deployment = deploymentEnvironment.decode(process.env);
const metrics = emfMetrics(deployment);
const secrets = managedSecrets(metrics);
const pool = providerPool({ definitions, loadProvider }, secrets, endpoints, {
  ...deployment,
  log: powertoolsLog,
  metrics,
});
const ask = healthAsker(pool);

const proofs = queueProofs(proofSecret, secrets, systemClock, metrics);
const context = {
  providers,
  table,
  metrics,
  log: powertoolsLog,
  clock: systemClock,
  timeScale,
  timeScaleSince,
  stackTimeSince,
};
const gaugeCapacity = capacityGauge(context);
const queueList = sqsQueueList();
const { listsTable, pauseAbove, reporting = [] } = environment;
const lists = listsTable === undefined ? undefined : dynamoListTable(listsTable);
const checkClasses = classChecker({
  ...context,
  pauseAbove,
  lists,
  doubt: lists ? suppressionDoubt({ ...context, providers: reporting, lists }) : { isDoubted: async () => false },
});
const checkBlocklists = blocklistChecker({ ...context, resolverOf: dnsResolver });

/** Lambda handler of the health checks. It runs once a minute; a check that fails is repeated in the next run. */
export async function handler(): Promise<void> {
  await Promise.all([
    checkHealth({ ...context, ask, gaugeCapacity }),
    // In the stage `sandbox` no canary would return, since no mail is delivered.
    deployment.stage === 'sandbox'
      ? undefined
      : sendCanaries({ ...context, inboundCanaries, proofs, queue: sqsQueue, outboundQueueUrl }),
    checkBlocklists(),
    checkClasses(),
    gaugeRemovedQueues(context, environment.retryQueueNames, queueList),
  ]);
  await metrics.flush();
}
