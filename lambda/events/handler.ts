import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { eventsEnvironment } from '../contract/events-environment.ts';
import { batchResponse } from '../platform/batch-response.ts';
import { systemClock } from '../platform/clock.ts';
import { dynamoListTable } from '../platform/list-table.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { loadEvents, loadPublishedEvents } from '../providers/registry.ts';
import { suppressionList } from '../suppression/list.ts';
import { arrivalOf } from '../webhook/request.ts';
import { createEventIntake } from './intake.ts';
import { createPublishedIntake } from './published.ts';

const environment = eventsEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const secrets = managedSecrets(metrics);
const table = dynamoTable(environment.stateTable);
const dependencies = {
  environment,
  loadModule: loadEvents,
  loadReader: loadPublishedEvents,
  secrets,
  table,
  lists: dynamoListTable(environment.listsTable),
  suppressions: suppressionList(table, secrets, environment.suppressionSecret, systemClock),
  queue: sqsQueue,
  log: powertoolsLog,
  metrics,
  clock: systemClock,
};
const takePosted = createEventIntake(dependencies);
const takePublished = createPublishedIntake(dependencies);

/** Time left for the answer before Lambda stops the function, in milliseconds. */
const ANSWER_MS = 1_500;

/** Takes delivery events: over HTTP, or from the queue of a topic. */
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
  const { status, text } = await takePosted(arrivalOf(event), limitMs);
  return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: text };
}

async function takeBatch({ Records }: SQSEvent, limitMs: number): Promise<SQSBatchResponse> {
  const results = await Promise.allSettled(Records.map((record) => takePublished(record, limitMs)));
  return batchResponse(
    results.map((result, place) => [Records[place] as SQSRecord, result]),
    powertoolsLog,
  );
}
