import type { SQSRecord } from 'aws-lambda';
import type { InboundEnvironment, InboundProvider } from '../contract/inbound-environment.ts';
import type { Log } from '../platform/log.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { NotificationModule } from '../providers/inbound.ts';
import { definitionOf } from '../providers/registry.ts';
import type { TakeDependencies } from './take.ts';

export interface ReceivedDependencies extends TakeDependencies {
  readonly environment: InboundEnvironment;
  readonly log: Log;
  loadNotifications(type: string): Promise<NotificationModule>;
}

/**
 * Creates the function that processes a notification about mail which a provider wrote to the bucket. The function throws if the
 * queue message must be retried.
 */
export function createReceived(
  dependencies: ReceivedDependencies,
): (record: SQSRecord, limitMs?: number) => Promise<void> {
  const { environment, store, log, metrics } = dependencies;
  const provider = environment.providers.find(({ type }) => definitionOf(type).inbound?.over === 'bucket');

  return async (record, limitMs) => {
    if (provider === undefined) throw new ServiceError('no provider receives over the bucket');
    await withTimeout(limitMs, take(record, provider)).catch((error: unknown) => {
      metrics.add('InboundRequests', 1, { provider: provider.key, outcome: 'failed' });
      throw error;
    });
  };

  async function take({ body, messageId: queueMessageId }: SQSRecord, provider: InboundProvider): Promise<void> {
    const { readNotification } = await dependencies.loadNotifications(provider.type);
    const received = readNotification(body);
    if (received === 'test') return;
    // A queue message that is neither a notification nor a test message fails each time it is received, until SQS moves it to the
    // dead-letter queue.
    if (received === 'unreadable' || received.object.bucket !== environment.mailBucket)
      throw new ServiceError('not a notification of a mail in the bucket');
    const raw = { s3: received.object, form: 'mime' } as const;
    const mime = await store.get(received.object.key);
    const posted = { ...received.mail, content: { headers: [], files: [] } };
    const { takeMail } = await import('./take.ts');
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
