import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { decodeInboundEnvironment } from '../contract/inbound-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Store } from '../platform/object-store.ts';
import { sqsQueueOneTry } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { loadInbound } from '../providers/registry.ts';
import { createInbound } from './inbound.ts';
import { answerOf } from './outcome.ts';
import { arrivalOf } from './request.ts';

const environment = decodeInboundEnvironment(process.env);
const metrics = emfMetrics();
const receive = createInbound({
  environment,
  loadModule: loadInbound,
  secrets: managedSecrets,
  store: s3Store(environment.mailBucket),
  queue: sqsQueueOneTry,
  table: dynamoTable(environment.stateTable),
  fetch,
  log: powertoolsLog,
  metrics,
  clock: systemClock,
});

/** Before the function is stopped, in milliseconds. */
const ANSWER_MS = 1_500;

/** Takes received mail from a provider. */
export async function handler(
  event: APIGatewayProxyEventV2,
  lambda: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { status, text } = await within(lambda.getRemainingTimeInMillis() - ANSWER_MS, receive(arrivalOf(event))).catch(
    (error: Error) => {
      powertoolsLog.error('no answer in time', { error: error.name });
      return answerOf('failed');
    },
  );
  await metrics.flush();
  return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: text };
}
