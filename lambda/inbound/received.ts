import type { SQSRecord } from 'aws-lambda';
import type { InboundEnvironment, InboundProvider } from '../contract/inbound-environment.ts';
import type { Log } from '../platform/log.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { within } from '../platform/within.ts';
import { readNotification } from '../providers/ses/received.ts';
import { type TakeDependencies, takeMail } from './take.ts';

export interface ReceivedDependencies extends TakeDependencies {
  readonly environment: InboundEnvironment;
  readonly log: Log;
}

/** Receives mail that SES wrote to the bucket; throws if it must be retried. */
export function createReceived(
  dependencies: ReceivedDependencies,
): (record: SQSRecord, limitMs?: number) => Promise<void> {
  const { environment, store, log, metrics } = dependencies;
  const provider = environment.providers.find(({ type }) => type === 'ses');

  return async (record, limitMs) => {
    if (provider === undefined) throw new ServiceError('no provider of type ses receives');
    await within(limitMs, take(record, provider)).catch((error: unknown) => {
      metrics.add('InboundRequests', 1, { provider: provider.key, outcome: 'failed' });
      throw error;
    });
  };

  async function take({ body, messageId: queueMessageId }: SQSRecord, provider: InboundProvider): Promise<void> {
    const received = readNotification(body);
    if (received === undefined || received.object.bucket !== environment.mailBucket) {
      // A body that is no notification goes to the queue's own dead-letter queue, except for the test that SES sends when
      // a rule is created.
      if (isTest(body)) return;
      throw new ServiceError('not a notification of a mail in the bucket');
    }
    const raw = { s3: received.object, form: 'mime' } as const;
    const mime = await store.get(received.object.key);
    const posted = { ...received.mail, content: { headers: [], files: [] } };
    const { outcome, ids } = await takeMail({ provider, posted, mime, raw }, dependencies);
    if (outcome === 'busy') throw new ServiceError('another copy of this mail is being processed');
    metrics.add('InboundRequests', 1, { provider: provider.key, outcome });
    log.info('inbound', {
      provider: provider.key,
      outcome,
      inboundId: ids.join(' '),
      bytes: mime.length,
      queueMessageId,
    });
  }
}

/** Plain text such as `Successfully validated SNS topic for Amazon SES event publishing.`, no JSON. */
function isTest(body: string): boolean {
  return !/^\s*[{[]/.test(body) || /AMAZON_SES_SETUP_NOTIFICATION/.test(body);
}
