import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createGate } from '../circuit/gate.ts';
import { decodeSenderEnvironment } from '../contract/environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Objects } from '../platform/objects.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { providerPool } from '../providers/pool.ts';
import { definitions, loadProvider } from '../providers/registry.ts';
import { providerCaller, providerLookUp } from './call.ts';
import { afterPreparing } from './gate.ts';
import { createSender } from './sender.ts';

const environment = decodeSenderEnvironment(process.env);
const metrics = emfMetrics();
const pool = providerPool({ definitions, loadProvider }, managedSecrets, environment.endpoints ?? {}, powertoolsLog);

const edges = {
  table: dynamoTable(environment.stateTable),
  log: powertoolsLog,
  clock: systemClock,
  random: Math.random,
};

const send = createSender({
  environment,
  definitions,
  call: providerCaller(pool),
  queue: sqsQueue,
  objects: s3Objects(environment.mailBucket),
  metrics,
  lookUp: providerLookUp(pool),
  gate: afterPreparing(pool.prepare, createGate({ ...environment, ...edges })),
  ...edges,
});

/** Before the function is stopped, in milliseconds: a batch that outlasts it would come back whole, accepted mail too. */
const ANSWER_MS = 1_500;

/** Works on the messages of a batch side by side; those that have no next home yet stay on their queue. */
export async function handler(event: SQSEvent, lambda: Context): Promise<SQSBatchResponse> {
  let answered = false;
  const remainingMs = () => (answered ? 0 : lambda.getRemainingTimeInMillis());
  const results = await Promise.allSettled(
    event.Records.map((record) => within(remainingMs() - ANSWER_MS, send(record, remainingMs))),
  );
  answered = true;
  await metrics.flush();
  return {
    batchItemFailures: results.flatMap((result, place) => {
      if (result.status === 'fulfilled') return [];
      const itemIdentifier = event.Records[place]?.messageId ?? '';
      const { name, message } = result.reason instanceof Error ? result.reason : new Error(typeof result.reason);
      powertoolsLog.error('kept on the queue', { queueMessageId: itemIdentifier, error: name, detail: message });
      return [{ itemIdentifier }];
    }),
  };
}
