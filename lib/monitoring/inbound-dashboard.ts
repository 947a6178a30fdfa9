import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import { INBOUND_OUTCOMES, type InboundOutcome } from '../../lambda/contract/metric-outcomes.ts';
import type { InboundFunction } from '../functions/inbound.ts';
import { graph } from './dashboard.ts';
import type { Monitoring } from './monitoring.ts';

/**
 * Age, in seconds, from which received mail counts as late when it is put on the inbound queue. A minute of high load does not
 * cause such a delay; usually the provider had to post the mail again.
 */
export const LATE_S = 300;

/** Resources of received mail that are monitored. */
export interface ShownInbound {
  /** The receiving providers. */
  readonly providers: readonly InboundProvider[];
  readonly inbound: InboundFunction;
  readonly queue: Queue;
}

/** Adds the row for received mail to the dashboard. */
export function addInboundRow(monitoring: Monitoring, { providers, inbound, queue }: ShownInbound): void {
  const by = (outcome: InboundOutcome) =>
    providers.map(({ key }) =>
      monitoring.metric('InboundRequests', 'Sum', { provider: key, outcome }).with({ label: key }),
    );
  const bad = INBOUND_OUTCOMES.filter((outcome) => !['delivered', 'duplicate', 'canary'].includes(outcome));
  monitoring.row('Is mail coming in, and through which provider?', [
    graph('Received, and duplicates (right), by provider', 6, {
      left: by('delivered'),
      right: by('duplicate'),
      stacked: true,
    }),
    graph('Not accepted, by reason', 6, {
      left: providers.flatMap(({ key }) =>
        bad.map((outcome) =>
          monitoring.metric('InboundRequests', 'Sum', { provider: key, outcome }).with({ label: `${key}: ${outcome}` }),
        ),
      ),
      stacked: true,
    }),
    graph('Age when queued, s', 6, {
      left: providers.map(({ key }) => monitoring.metric('InboundAge', 'p50', { provider: key }).with({ label: key })),
      line: LATE_S,
    }),
    graph('Inbound queue and receiver', 6, {
      left: [
        queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', label: 'waiting' }),
        inbound.function.metricErrors({ label: 'errors' }),
        inbound.function.metricThrottles({ label: 'throttles' }),
        inbound.unanswered.turnedAway.metric({ statistic: 'Sum', label: 'refused by the API' }),
        monitoring.metric('InboundUnknownKey', 'Sum').with({ label: 'unknown provider key' }),
      ],
      right: [queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', label: 'oldest, s' })],
    }),
  ]);
}
