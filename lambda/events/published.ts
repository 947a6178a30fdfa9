import type { SQSRecord } from 'aws-lambda';
import { ServiceError } from '../platform/service-failure.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { ReadEvents } from '../providers/event.ts';
import type { EventsDependencies } from './intake.ts';
import { takeEvents } from './take.ts';

export interface PublishedDependencies extends Omit<EventsDependencies, 'loadModule'> {
  loadReader(type: string): Promise<(body: string) => ReadEvents>;
}

/** Creates the function that processes the events which a provider publishes to a queue. The function throws if a message must be retried. */
export function createPublishedIntake(
  dependencies: PublishedDependencies,
): (record: SQSRecord, limitMs?: number) => Promise<void> {
  const { environment, metrics } = dependencies;
  return async (record, limitMs) => {
    const provider = environment.providers.find(({ queueArn }) => queueArn === record.eventSourceARN);
    if (provider === undefined) throw new ServiceError('no provider publishes to this queue');
    const count = (outcome: 'taken' | 'unusable' | 'failed') =>
      metrics.add('EventRequests', 1, { provider: provider.key, outcome });
    const read = (await dependencies.loadReader(provider.type))(record.body);
    if (read.kind !== 'events') {
      // An unusable message fails each time it is received, until SQS moves it to the dead-letter queue.
      count('unusable');
      throw new ServiceError('not an event of this provider');
    }
    try {
      await withTimeout(limitMs, takeEvents(provider.key, read.events, dependencies));
      count('taken');
    } catch (error) {
      count('failed');
      throw error;
    }
  };
}
