import {
  AlarmStatusWidget,
  GraphWidget,
  type IMetric,
  LegendPosition,
  MathExpression,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import {
  ATTEMPT_OUTCOMES,
  DEAD_LETTER_OUTCOME,
  DUPLICATE_OUTCOMES,
  SKIP_OUTCOMES,
} from '../../lambda/contract/metric-outcomes.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Queues } from '../storage/queues.ts';
import { FAILING_PERCENT, failureRate } from './failures.ts';
import type { Monitoring } from './monitoring.ts';

/** Titles of the composite alarms, which the dashboard shows first. */
const WHOLE: ReadonlySet<string> = new Set(['MailStopped', 'NoProviderLeft', 'OneWayBroken']);

const PERIOD = Duration.minutes(5);
const HEIGHT = 6;

/** Adds the first row, which shows whether mail goes out, and through which provider. */
export function addWholeRow(
  monitoring: Monitoring,
  providers: readonly ProviderConfig[],
  { outbound, deadLetter }: Queues,
): void {
  const whole = monitoring.alarms.filter(({ title }) => WHOLE.has(title));
  monitoring.row(
    'Is mail going out, and through which provider?',
    [
      new AlarmStatusWidget({ title: 'Alarms', alarms: whole.map(({ alarm }) => alarm), width: 6, height: HEIGHT }),
      graph('Accepted, by provider', 12, {
        left: providers.map(({ key }) =>
          monitoring.metric('Attempts', 'Sum', { provider: key, outcome: 'accepted' }).with({ label: key }),
        ),
        stacked: true,
      }),
      new SingleValueWidget({
        title: 'In the last five minutes',
        width: 6,
        height: HEIGHT,
        metrics: [
          monitoring.metric('Delay', 'SampleCount').with({ label: 'accepted' }),
          monitoring.metric('Delay', 'p95').with({ label: 'seconds until accepted, p95' }),
          outbound.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', label: 'waiting' }),
          deadLetter.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', label: 'dead letters' }),
        ],
      }),
    ],
    'first',
  );
}

/**
 * Adds the row of one provider: its share of the mail, the outcomes of its attempts, its latency, the state of its account and of
 * its circuit breaker.
 */
export function addProviderRow(monitoring: Monitoring, config: ProviderConfig, all: readonly ProviderConfig[]): void {
  const { key: provider, deadlineMs = PROVIDER_DEFAULTS.deadlineMs } = config;
  const accepted = (key: string) => monitoring.metric('Attempts', 'Sum', { provider: key, outcome: 'accepted' });
  const ids = new Map(all.map(({ key }, place) => [`p${place}`, accepted(key)]));
  const own = `p${all.findIndex(({ key }) => key === provider)}`;
  const latency = (statistic: 'Average' | 'p95') =>
    monitoring.metric('AttemptLatency', statistic, { provider, outcome: 'accepted' }).with({ label: statistic });
  monitoring.row(provider, [
    graph('Share of accepted mail, %', 5, {
      left: [
        new MathExpression({
          expression: `100 * FILL(${own}, 0) / SUM([${[...ids.keys()].map((id) => `FILL(${id}, 0)`).join(', ')}])`,
          usingMetrics: Object.fromEntries(ids),
          label: 'share',
          period: PERIOD,
        }),
      ],
      most: 100,
    }),
    graph('Attempts, by outcome', 6, {
      left: [
        ...ATTEMPT_OUTCOMES.map((outcome) =>
          monitoring.metric('Attempts', 'Sum', { provider, outcome }).with({ label: outcome }),
        ),
        ...SKIP_OUTCOMES.map((outcome) =>
          monitoring.metric('Skipped', 'Sum', { provider, outcome }).with({ label: `skipped: ${outcome}` }),
        ),
      ],
      stacked: true,
    }),
    graph('Failed, %', 4, { left: [failureRate(monitoring, provider, PERIOD)], most: 100, line: FAILING_PERCENT }),
    graph('Time to accept, ms', 4, { left: [latency('Average'), latency('p95')], line: deadlineMs / 2 }),
    graph('Account (1: may send), circuit breaker (0: closed)', 5, {
      left: [
        monitoring.metric('AccountHealthy', 'Minimum', { provider }).with({ label: 'account' }),
        monitoring.metric('CircuitState', 'Maximum', { provider }).with({ label: 'circuit breaker' }),
      ],
      most: 3,
    }),
  ]);
}

/** Adds the row of the queues: waiting mail, the age of waiting mail, and dead letters. */
export function addQueuesRow(monitoring: Monitoring, { outbound, deadLetter, retry }: Queues): void {
  const waiting = (queue: IQueue, label: string): IMetric =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', label });
  const age = (queue: IQueue, label: string): IMetric =>
    queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', label });
  const delayed = ([key, queue]: [string, IQueue]): IMetric =>
    queue.metricApproximateNumberOfMessagesDelayed({ statistic: 'Maximum', label: `retry, ${key}` });
  const outcomes = [...new Set(Object.values(DEAD_LETTER_OUTCOME))];
  monitoring.row('Queues', [
    graph('Waiting', 6, { left: [waiting(outbound, 'outbound'), ...Array.from(retry, delayed)] }),
    graph('Oldest message, s', 6, { left: [age(outbound, 'outbound'), age(deadLetter, 'dead letters')] }),
    graph('Age when retried, s', 6, {
      left: [
        monitoring.metric('RetryAge', 'p50').with({ label: 'p50' }),
        monitoring.metric('RetryAge', 'Maximum').with({ label: 'maximum' }),
      ],
      right: [monitoring.metric('RetryAge', 'SampleCount').with({ label: 'retries' })],
    }),
    graph('Dead letters, by role that has to act', 6, {
      left: outcomes.map((outcome) => monitoring.metric('DeadLettered', 'Sum', { outcome }).with({ label: outcome })),
      right: [waiting(deadLetter, 'on the queue')],
      stacked: true,
    }),
  ]);
}

/** Adds the row for failover, refusals that other providers contradict, possible duplicates, and the sender function. */
export function addSenderRow(
  monitoring: Monitoring,
  providers: readonly ProviderConfig[],
  sender: LambdaFunction,
): void {
  const by = (name: 'TookOver' | 'Contradictions' | 'UnrecognisedAnswers') =>
    providers.map(({ key }) => monitoring.metric(name, 'Sum', { provider: key }).with({ label: key }));
  monitoring.row('Failover', [
    graph('Accepted after failover, by provider', 6, {
      left: by('TookOver'),
      right: [monitoring.metric('FailedOver', 'Sum').with({ label: 'all providers' })],
      stacked: true,
    }),
    graph('Contradictions, and unrecognised answers (right)', 6, {
      left: by('Contradictions'),
      right: by('UnrecognisedAnswers'),
    }),
    graph('Possible duplicates, by first provider; skips (right)', 6, {
      left: providers.flatMap(({ key }) =>
        DUPLICATE_OUTCOMES.map((outcome) =>
          monitoring
            .metric('PossibleDuplicate', 'Sum', { provider: key, outcome })
            .with({ label: `${key}: ${outcome}` }),
        ),
      ),
      right: [
        monitoring.metric('SkippedUnable', 'Sum').with({ label: 'skips of a provider that cannot send the mail' }),
      ],
    }),
    graph('Sender', 6, {
      left: [
        sender.metricInvocations({ label: 'invocations' }),
        sender.metricErrors({ label: 'errors' }),
        sender.metricThrottles({ label: 'throttles' }),
      ],
      right: [sender.metricDuration({ statistic: 'Maximum', label: 'longest, ms' })],
    }),
  ]);
}

interface GraphContent {
  readonly left: IMetric[];
  readonly right?: IMetric[];
  readonly stacked?: boolean;
  /** Largest value on the left axis. */
  readonly most?: number;
  /** Threshold of the alarm, drawn as a line. */
  readonly line?: number;
}

/** Creates a graph with a period of five minutes, which most alarms use too. */
export function graph(
  title: string,
  width: number,
  { left, right = [], stacked = false, most, line }: GraphContent,
): GraphWidget {
  return new GraphWidget({
    title,
    width,
    height: HEIGHT,
    left,
    right,
    stacked,
    period: PERIOD,
    legendPosition: LegendPosition.BOTTOM,
    leftYAxis: { min: 0, showUnits: false, ...defined({ max: most }) },
    rightYAxis: { min: 0, showUnits: false },
    ...(line !== undefined && { leftAnnotations: [{ value: line, label: 'alarm' }] }),
  });
}
