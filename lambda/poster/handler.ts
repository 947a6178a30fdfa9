import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { posterEnvironment } from '../contract/poster-environment.ts';
import { batchResponse } from '../platform/batch-response.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { deferMessage } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { postEvent } from './post.ts';

const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const dependencies = {
  environment: posterEnvironment.decode(process.env),
  secrets: managedSecrets(metrics),
  clock: systemClock,
  log: powertoolsLog,
  random: Math.random,
  fetch,
  defer: deferMessage,
};

/** Lambda handler that posts the messages of the events queue to an application. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(Records.map((record) => postEvent(record, dependencies)));
  const response = batchResponse(
    results.map((result, place) => [Records[place] as SQSRecord, result]),
    powertoolsLog,
  );
  await metrics.flush();
  return response;
}
