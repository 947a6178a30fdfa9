import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { decodeSenderEnvironment } from '../contract/environment.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { s3Objects } from '../platform/objects.ts';
import { sqsQueue } from '../platform/queue.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { within } from '../platform/within.ts';
import { providerPool } from '../providers/pool.ts';
import { definitions, loadProvider } from '../providers/registry.ts';
import { providerCaller } from './call.ts';
import { createSender } from './sender.ts';

const environment = decodeSenderEnvironment(process.env);
const metrics = emfMetrics();
const pool = providerPool({ definitions, loadProvider }, managedSecrets, environment.endpoints ?? {}, powertoolsLog);

const send = createSender({
  environment,
  definitions,
  call: providerCaller(pool),
  queue: sqsQueue,
  objects: s3Objects(environment.mailBucket),
  log: powertoolsLog,
  metrics,
  now: Date.now,
  random: Math.random,
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
