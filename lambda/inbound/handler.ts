import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { inboundEnvironment } from '../contract/inbound-environment.ts';
import { batchResponse } from '../platform/batch-response.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Bucket } from '../platform/object-store.ts';
import { sqsQueueOneTry } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadInbound, loadNotifications } from '../providers/registry.ts';
import { arrivalOf } from '../webhook/request.ts';
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
const receive = createInbound(dependencies);
const takeReceived = createReceived(dependencies);

/** Time left for the answer before Lambda stops the function, in milliseconds. */
const ANSWER_MS = 1_500;

/** Receives mail: over HTTP, or through the bucket. */
export async function handler(
  event: APIGatewayProxyEventV2 | SQSEvent,
  lambda: Context,
): Promise<APIGatewayProxyStructuredResultV2 | SQSBatchResponse> {
  const limitMs = lambda.getRemainingTimeInMillis() - ANSWER_MS;
  const answer = 'Records' in event ? await takeBatch(event, limitMs) : await answerRequest(event, limitMs);
  await metrics.flush();
  return answer;
}

async function answerRequest(
  event: APIGatewayProxyEventV2,
  limitMs: number,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { status, text } = await receive(arrivalOf(event), limitMs);
  return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: text };
}

async function takeBatch({ Records }: SQSEvent, limitMs: number): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(Records.map((record) => takeReceived(record, limitMs)));
  return batchResponse(
    results.map((result, place) => [Records[place] as SQSRecord, result]),
    powertoolsLog,
  );
}
