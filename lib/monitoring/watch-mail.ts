import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { Timing } from '../configuration/timing.ts';
import type { Queues } from '../storage/queues.ts';
import { watchWhole } from './composites.ts';
import { addProviderRow, addQueuesRow, addSenderRow, addWholeRow } from './dashboard.ts';
import { addLogQueries } from './log-queries.ts';
import type { Monitoring, MonitoringProps } from './monitoring.ts';
import { watchProvider } from './provider-alarms.ts';
import { watchQueues } from './queue-alarms.ts';
import { watchSender } from './sender-alarms.ts';

export interface WatchMailProps {
  /** The sending providers. */
  readonly providers: readonly ProviderConfig[];
  readonly queues: Queues;
  readonly sender: LambdaFunction;
  readonly timing: Timing;
  readonly thresholds: Pick<MonitoringProps, 'unprovenDays' | 'retryBacklog'>;
}

/** Registers the alarms for outbound mail, and adds the rows of the providers, the queues and the sender to the dashboard. */
export function watchMail(
  monitoring: Monitoring,
  { providers, queues, sender, timing, thresholds }: WatchMailProps,
): void {
  const { unprovenDays = 7, retryBacklog = 100 } = thresholds;
  for (const provider of providers) watchProvider(monitoring, provider, unprovenDays);
  watchQueues(monitoring, queues, retryBacklog);
  watchSender(monitoring, sender, timing.functionTimeout);

  for (const provider of providers) addProviderRow(monitoring, provider, providers);
  addQueuesRow(monitoring, queues);
  addSenderRow(monitoring, providers, sender);
}

export interface CompleteMonitoringProps extends Pick<WatchMailProps, 'providers' | 'queues'> {
  /** Log group of the sender function. */
  readonly logGroup: ILogGroup;
}

/**
 * Registers the composite alarms, saves the log queries, and puts all rows on the dashboard. It must be called after all other
 * alarms and rows are registered.
 */
export function completeMonitoring(
  monitoring: Monitoring,
  { providers, queues, logGroup }: CompleteMonitoringProps,
): void {
  const keys = providers.map(({ key }) => key);
  watchWhole(monitoring, keys);
  addWholeRow(monitoring, providers, queues);
  addLogQueries(monitoring, logGroup, keys);
  monitoring.complete();
}
