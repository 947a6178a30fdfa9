import {
  Alarm,
  AlarmRule,
  type CfnAlarm,
  ComparisonOperator,
  CompositeAlarm,
  Dashboard,
  type IAlarm,
  type IMetric,
  type IWidget,
  type Metric,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { MetricName, MonitoringSize } from '../../lambda/contract/metrics.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Dimensions } from '../../lambda/platform/metrics.ts';
import { deploymentName } from '../configuration/deployment-name.ts';
import { DEPENDS_ON_TIME } from './depends-on-time.ts';
import { ownMetric, type Statistic } from './metric.ts';
import { type AlarmTargets, AlarmTopics, type Severity } from './topics.ts';

/**
 * How the fault that an alarm reports affects the sending of mail. `closed`: the provider gets or accepts no mail now. `failing`:
 * attempts at the provider fail, or would probably fail. `stopped`: mail waits on the queues, and is not sent or not sent fast
 * enough.
 */
export type RouteEffect = 'closed' | 'failing' | 'stopped';

/**
 * Treatment of missing data for alarms on waiting messages. SQS stops writing metrics for a queue when it has had no messages and
 * no calls for six hours, so missing data means that the queue is empty.
 */
export const IDLE_QUEUE_IS_EMPTY = TreatMissingData.NOT_BREACHING;

/**
 * Treatment of missing data for alarms on dead letters and other messages that no program reads. If the queue is empty, the alarm
 * is not raised; if the queue has a message, the alarm is already raised. So the alarm keeps its state while SQS writes no
 * metrics.
 */
export const IDLE_QUEUE_KEEPS_STATE = TreatMissingData.IGNORE;

interface AlarmText {
  /** Last part of the alarm's name, and the heading of its section in the runbook. */
  readonly title: string;
  /** Key of the provider that the alarm is about; absent for an alarm that is not about a provider. */
  readonly provider?: string;
  /** Class of mail that the alarm is about; absent for an alarm that is not about a class. */
  readonly class?: string;
  /**
   * Additional part of the name. It is needed if several alarms that are about no provider and no class have the same title,
   * because one alarm cannot read the metrics of all resources.
   */
  readonly part?: string;
  /** @default 'ticket' */
  readonly severity?: Severity;
  /** One to three sentences that say what happens to mail while the alarm is raised. They must be clear without the runbook. */
  readonly meanwhile: string;
  /** One to three sentences that say what the operator must do first. They must be clear without the runbook. */
  readonly action: string;
  /**
   * Role of this alarm in the composite alarms.
   * @default - none: no composite alarm depends on this alarm
   */
  readonly effectOnRoute?: RouteEffect;
  /**
   * Whether an alarm with the severity `ticket` also exists in the monitoring size `small`. This is needed if a composite alarm
   * with the severity `page` depends on the alarm, or if no other alarm of this size reports the fault. `only`: the alarm exists
   * only in the size `small`.
   * @default - the alarm does not exist in the size `small`; alarms with the severity `page` exist in every size
   */
  readonly small?: true | 'only';
}

/** An alarm on a metric or on metric math. */
export interface AlarmDefinition extends AlarmText {
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /**
   * Comparison of the value with the threshold.
   * @default ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
   */
  readonly comparison?: ComparisonOperator;
  /**
   * How many of the last `of` periods must breach the threshold.
   * @default 1
   */
  readonly datapoints?: number;
  /** @default 1 */
  readonly of?: number;
  /**
   * Treatment of missing data. A comment at each alarm, or at the constant that the alarm uses, gives the reason for the choice.
   */
  readonly missing: TreatMissingData;
  /**
   * Whether an overloaded machine can raise the alarm while nothing is broken, since it depends on time or on late answers. The
   * local stack does not raise it while its machine is overloaded.
   * @default - the alarm does not depend on time
   */
  readonly dependsOnTime?: true;
  /**
   * Number of minutes after the creation of the alarm in which it cannot be raised, since its metric has no value yet.
   * @default - none
   */
  readonly warmUpMinutes?: number;
}

/** An alarm on the state of other alarms. */
export interface CompositeDefinition extends AlarmText {
  /** The rule over the names of other alarms, in CloudWatch's syntax: `ALARM("…") OR …`. */
  readonly rule: string;
  /** The alarms that the rule names. */
  readonly watches: readonly NamedAlarm[];
}

/** An alarm with its name, which is known at synth, and with the fields of its definition that other code reads. */
export interface NamedAlarm {
  readonly name: string;
  readonly alarm: IAlarm;
  readonly title: string;
  readonly severity: Severity;
  readonly provider?: string;
  readonly effectOnRoute?: RouteEffect;
}

interface Row {
  readonly title: string;
  readonly widgets: readonly IWidget[];
  readonly place: 'first' | 'middle' | 'last';
}

export interface MonitoringProps extends AlarmTargets {
  /**
   * URL of the runbook. The description of each alarm contains this URL, with the title of the alarm in lower case as anchor.
   * @default 'docs/runbook.md'
   */
  readonly runbookUrl?: string;
  /**
   * Extent of the monitoring. `small` has all alarms with the severity `page`, the tickets CircuitOpen and Faults for each
   * sending provider, the tickets OldestMessage, NothingAccepted, DeadLetters and ClassPaused, and no dashboard. With four
   * providers it costs less than ten dollars a month. The tables of faults in the runbook show which faults it does not report.
   * @default 'full'
   */
  readonly size?: MonitoringSize;
  /**
   * Number of days after which a provider that has accepted neither mail nor the credentials of the health check counts as
   * unproven (alarm Unproven).
   * @default 7
   */
  readonly unprovenDays?: number;
  /**
   * Number of messages on the retry queues from which the alarm RetryBacklog is raised. With more than five providers there is
   * one alarm for each group of five retry queues, and the number applies to each group.
   * @default 100
   */
  readonly retryBacklog?: number;
}

/**
 * Registry of all alarms of a deployment. It creates each alarm with its name, its topic and a link to the runbook. No other code
 * of Mailover creates alarms. Your own constructs can register alarms here too.
 */
export class Monitoring extends Construct {
  readonly topics: AlarmTopics;
  /** Undefined in the size `small`. */
  readonly dashboard: Dashboard | undefined;
  readonly size: MonitoringSize;
  /** First part of every alarm's name: the name of the deployment. */
  readonly name: string;
  private readonly runbookUrl: string;
  private readonly named: NamedAlarm[] = [];
  private readonly rows: Row[] = [];

  constructor(scope: Construct, id: string, props: MonitoringProps = {}) {
    super(scope, id);
    this.topics = new AlarmTopics(this, 'Topics', props);
    this.runbookUrl = props.runbookUrl ?? 'docs/runbook.md';
    this.name = deploymentName(this);
    this.size = props.size ?? 'full';
    this.dashboard =
      this.size === 'full'
        ? new Dashboard(this, 'Dashboard', { dashboardName: this.name, defaultInterval: Duration.hours(3) })
        : undefined;
  }

  /** The alarms that were created until now, in the order of their creation. */
  get alarms(): readonly NamedAlarm[] {
    return this.named;
  }

  /**
   * Returns the name of an alarm, such as `Mailover/postmark/FailureRate`. The names must not change, since composite alarms and
   * lists of muted alarms use them.
   */
  nameOf(title: string, subject?: string): string {
    return [this.name, ...(subject ? [subject] : []), title].join('/');
  }

  /**
   * Returns a metric of this deployment, from the same definition that the functions use when they write the metric.
   *
   * @throws Error if a dimension is missing: such a metric would have no data, and its alarm would never be raised
   */
  metric(name: MetricName, statistic: Statistic, dimensions?: Dimensions, period?: Duration): Metric {
    return ownMetric(this.name, name, statistic, dimensions, period);
  }

  /**
   * Creates an alarm that publishes to the topic of its severity when it is raised and when it ends. Creates no alarm if the
   * alarm does not exist in the chosen monitoring size.
   */
  alarm(definition: AlarmDefinition): void {
    if (!this.keeps(definition)) return;
    const { metric, threshold = 1, datapoints = 1, of = 1, missing } = definition;
    const alarm = new Alarm(this, idOf(definition), {
      alarmName: this.nameOf(definition.title, subjectOf(definition)),
      alarmDescription: this.describe(definition),
      metric,
      threshold,
      comparisonOperator: definition.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: datapoints,
      evaluationPeriods: of,
      treatMissingData: missing,
    });
    if (definition.warmUpMinutes !== undefined)
      (alarm.node.defaultChild as CfnAlarm).warmUpConfiguration = {
        warmUpPeriodDurationInMinutes: definition.warmUpMinutes,
        onlyStartEvaluatingAfterWarmUpPeriodEnds: true,
      };
    if (definition.dependsOnTime) (alarm.node.defaultChild as CfnAlarm).addMetadata(DEPENDS_ON_TIME, true);
    this.register(alarm, definition);
  }

  /**
   * Creates a composite alarm, which is raised while a rule over other alarms is true. Creates no alarm if the alarm does not
   * exist in the chosen monitoring size.
   */
  composite(definition: CompositeDefinition): void {
    if (!this.keeps(definition)) return;
    const alarm = new CompositeAlarm(this, idOf(definition), {
      compositeAlarmName: this.nameOf(definition.title, definition.provider),
      alarmDescription: this.describe(definition),
      alarmRule: AlarmRule.fromString(definition.rule),
    });
    // The rule contains names of alarms, not CloudFormation references. Therefore an explicit dependency tells CloudFormation to
    // create the alarms in the rule first.
    alarm.node.addDependency(...definition.watches.map((one) => one.alarm));
    this.register(alarm, definition);
  }

  /**
   * Adds a row to the dashboard; the widgets of the row share 24 columns. Rows with the same `place` appear in the order of the
   * calls.
   */
  row(title: string, widgets: readonly IWidget[], place: Row['place'] = 'middle'): void {
    this.rows.push({ title, widgets, place });
  }

  /** Puts the rows on the dashboard. It must be called once, after all alarms and rows are registered. */
  complete(): void {
    for (const place of ['first', 'middle', 'last'] as const)
      for (const { title, widgets } of this.rows.filter((row) => row.place === place)) {
        this.dashboard?.addWidgets(new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 }));
        this.dashboard?.addWidgets(...widgets);
      }
  }

  private keeps({ severity = 'ticket', small }: AlarmText): boolean {
    return this.size === 'full' ? small !== 'only' : severity === 'page' || small !== undefined;
  }

  private register(alarm: Alarm | CompositeAlarm, text: AlarmText): void {
    const { title, severity = 'ticket', provider, effectOnRoute } = text;
    const action = new SnsAction(this.topics.of(severity));
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    const name = this.nameOf(title, subjectOf(text));
    this.named.push({ name, title, severity, alarm, ...defined({ provider, effectOnRoute }) });
  }

  private describe({ title, meanwhile, action }: AlarmText): string {
    return `${meanwhile} ${action} ${this.runbookUrl}#${title.toLowerCase()}`;
  }
}

function subjectOf({ provider, class: name, part }: AlarmText): string | undefined {
  return provider ?? name ?? part;
}

function idOf(text: AlarmText): string {
  const subject = subjectOf(text);
  return subject ? `${text.title}-${subject}` : text.title;
}
