import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { Queues } from '../queues.ts';
import type { Timing } from '../timing.ts';
import { watchWhole } from './composites.ts';
import { showProvider, showQueues, showSender, showWhole } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';
import { type ProviderThresholds, watchProvider } from './provider-alarms.ts';
import { watchQueues } from './queue-alarms.ts';
import { watchSender } from './sender-alarms.ts';

export interface WatchMailProps {
  /** Those that send. */
  readonly providers: readonly ProviderConfig[];
  readonly queues: Queues;
  readonly sender: LambdaFunction;
  readonly timing: Timing;
  readonly thresholds: Partial<ProviderThresholds>;
}

/** Registers every alarm of outbound mail, and its rows of the dashboard. */
export function watchMail(
  monitoring: Monitoring,
  { providers, queues, sender, timing, thresholds }: WatchMailProps,
): void {
  const { unprovenDays = 7, retryBacklog = 100 } = thresholds;
  const broken = providers.flatMap((provider) => {
    const queue = queues.retry.get(provider.key);
    return queue ? [watchProvider(monitoring, provider, queue, { unprovenDays, retryBacklog })] : [];
  });
  const stopped = watchQueues(monitoring, queues);
  watchSender(monitoring, sender, timing.functionTimeout);
  const whole = watchWhole(monitoring, broken, stopped);

  showWhole(monitoring, providers, queues, whole);
  for (const provider of providers) showProvider(monitoring, provider, providers);
  showQueues(monitoring, queues);
  showSender(monitoring, providers, sender);
}
