import { inboundEnvironment } from '../../lambda/contract/inbound-environment.ts';
import { drawingOf } from '../api/console-state.ts';
import { submissionLogOf } from '../api/live.ts';
import { ReceivedLog } from '../api/received-log.ts';
import { LocalQueue } from '../aws/queue.ts';
import { makeSecret } from '../aws/secrets.ts';
import { readAssembly } from '../template/assembly.ts';
import type { Deployment } from '../template/deployed.ts';
import { deploy } from '../template/deployment.ts';
import { findFunction, senderOf } from '../template/find-function.ts';
import { synthesiseApp } from '../template/synthesise.ts';
import type { Servers } from './servers.ts';
import type { Start } from './start.ts';

/** Synthesises the CDK app, and creates the queues, buckets and secrets of the synthesised template. */
export async function startDeployment(start: Start, { aws, httpUrl }: Servers): Promise<Deployment> {
  const { live, clock, monitoring } = start;
  const stacks = await readAssembly(await synthesiseApp(start.directory, start.signal, start.app));
  const deployment = deploy(stacks, aws.url, httpUrl);
  live.deployment = deployment;
  live.drawing = drawingOf(deployment);
  live.sender = senderOf(deployment);
  monitoring.filter(deployment.metricFilters);
  for (const { name, attributes } of deployment.queues) aws.queues.add(name, { ...attributes });
  for (const name of deployment.buckets) aws.buckets.createBucket(name);
  for (const { name, fields, generatedField } of deployment.secrets)
    aws.secrets.set(name, { ...fields, ...makeSecret(name, [generatedField]) });
  live.submissions = submissionLogOf(live.sender, aws, clock);
  const inbound = findFunction(deployment, inboundEnvironment)?.environment;
  const inboundQueue = inbound && aws.queues.getQueue(inbound.inboundQueueUrl);
  if (inboundQueue instanceof LocalQueue) live.received = new ReceivedLog(inboundQueue, aws.buckets);
  return deployment;
}
