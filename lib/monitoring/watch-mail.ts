import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import type { Timing } from '../configuration/timing.ts';
import type { Queues } from '../storage/queues.ts';
import { watchWhole } from './composites.ts';
import { showProvider, showQueues, showSender, showWhole } from './dashboard.ts';
import { showLogQueries } from './log-queries.ts';
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

/** Registers the alarms of outbound mail, and its rows of the dashboard. */
export function watchMail(
  monitoring: Monitoring,
  { providers, queues, sender, timing, thresholds }: WatchMailProps,
): void {
  const { unprovenDays = 7, retryBacklog = 100 } = thresholds;
  for (const provider of providers) watchProvider(monitoring, provider, unprovenDays);
  watchQueues(monitoring, queues, retryBacklog);
  watchSender(monitoring, sender, timing.functionTimeout);

  for (const provider of providers) showProvider(monitoring, provider, providers);
  showQueues(monitoring, queues);
  showSender(monitoring, providers, sender);
}

export interface CompleteMonitoringProps extends Pick<WatchMailProps, 'providers' | 'queues'> {
  /** Log of the sender. */
  readonly logGroup: ILogGroup;
}

/** Adds composite alarms and the dashboard; called after all other registrations. */
export function completeMonitoring(
  monitoring: Monitoring,
  { providers, queues, logGroup }: CompleteMonitoringProps,
): void {
  const keys = providers.map(({ key }) => key);
  watchWhole(monitoring, keys);
  showWhole(monitoring, providers, queues);
  showLogQueries(monitoring, logGroup, keys);
  monitoring.complete();
}
