import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { unsubscribeEnvironment } from '../contract/unsubscribe-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { addressHashes } from '../suppression/hash.ts';
import { unsubscribes } from '../suppression/unsubscribes.ts';
import type { PageAnswer } from './page.ts';
import { answerLink } from './unsubscribe.ts';

const environment = unsubscribeEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const secrets = managedSecrets(metrics);
const dependencies = {
  environment,
  secrets,
  unsubscribes: unsubscribes(
    dynamoTable(environment.stateTable),
    addressHashes(secrets, environment.suppressionSecret),
    systemClock.now,
  ),
  queue: sqsQueue,
  clock: systemClock,
  log: powertoolsLog,
  metrics,
};

/** Lambda handler that answers requests to unsubscribe links. */
export async function handler(event: APIGatewayProxyEventV2): Promise<PageAnswer> {
  const { body = '', isBase64Encoded, pathParameters = {}, requestContext } = event;
  const answer = await answerLink(
    {
      method: requestContext.http.method,
      token: pathParameters['token'] ?? '',
      body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString(),
    },
    dependencies,
  );
  await metrics.flush();
  return answer;
}
