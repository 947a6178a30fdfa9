import type { RetryQueueNames } from '../contract/health-environment.ts';
import { errorName } from '../platform/error-name.ts';
import type { QueueList } from '../platform/queue-list.ts';
import type { CheckContext } from './context.ts';

/**
 * Counts the messages on the retry queues of providers that were removed from the configuration. These queues are no longer
 * part of the CloudFormation stack, so they have no alarms of their own. Never throws.
 */
export async function gaugeRemovedQueues(
  { metrics, log }: Pick<CheckContext, 'metrics' | 'log'>,
  names: RetryQueueNames | undefined,
  queues: QueueList,
): Promise<void> {
  if (names === undefined) return;
  try {
    const present = new Set(names.present);
    const urls = await queues.named(names.prefix);
    const removed = urls.filter((url) => !present.has(url.split('/').at(-1) ?? ''));
    const counts = await Promise.all(removed.map((url) => queues.messages(url)));
    const waiting = counts.reduce((sum, count) => sum + count, 0);
    metrics.add('RemovedQueueMail', waiting);
    if (waiting > 0) log.warn('mail on queues of removed providers', { queues: removed.length, messages: waiting });
  } catch (error) {
    log.warn('queues of removed providers not known', { error: errorName(error) });
  }
}
