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
 * Effect on sending of the fault that an alarm reports. `closed`: the provider accepts no mail now. `failing`: mail that is
 * offered to the provider fails, or would fail. `stopped`: mail waits, and no provider accepts mail.
 */
export type RouteEffect = 'closed' | 'failing' | 'stopped';

/**
 * SQS writes no metrics for a queue that was idle for six hours. Such a queue is empty, since SQS continues to measure a queue with
 * an unread message.
 */
export const IDLE_QUEUE_IS_EMPTY = TreatMissingData.NOT_BREACHING;

/**
 * SQS writes no metrics for a queue that was idle for six hours. Such a queue was empty, or the alarm is already raised: the alarm
 * keeps its state.
 */
export const IDLE_QUEUE_KEEPS_STATE = TreatMissingData.IGNORE;

interface AlarmText {
  /** Last part of the alarm's name, and the heading of its section in the runbook. */
  readonly title: string;
  /** Key of the provider that the alarm is about; absent for an alarm that is about the whole deployment. */
  readonly provider?: string;
  /** Class of mail that the alarm is about, in place of a provider. */
  readonly class?: string;
  /**
   * An additional part of the name. It is needed if several alarms have the same title, because one alarm cannot watch all
   * resources.
   */
  readonly part?: string;
  /** @default 'ticket' */
  readonly severity?: Severity;
  /** One sentence that says what happens to mail while the alarm is raised. */
  readonly meanwhile: string;
  /** One sentence that says what the operator must do first. */
  readonly action: string;
  /**
   * Role of this alarm in the composite alarms.
   * @default - none: the fault does not keep mail from going out
   */
  readonly effectOnRoute?: RouteEffect;
  /**
   * Whether an alarm with the severity `ticket` also exists in the monitoring size `small`, because a composite alarm with the
   * severity `page` depends on it. `only`: the alarm exists only in the size `small`.
   * @default - not in the size `small`; alarms with the severity `page` exist in every size
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
  /** Treatment of missing data. A comment at each alarm, or at the constant, gives the reason for the choice. */
  readonly missing: TreatMissingData;
  /**
   * Whether an overloaded machine can raise the alarm while nothing is broken, since it depends on time or on late answers. The local
   * stack does not raise it while its machine is overloaded.
   * @default - the alarm does not depend on time
   */
  readonly dependsOnTime?: true;
  /**
   * For this number of minutes after a deployment the alarm cannot be raised, since its metric has no value yet.
   * @default - none
   */
  readonly warmUpMinutes?: number;
}

/** An alarm on the state of other alarms. */
export interface CompositeDefinition extends AlarmText {
  /** The rule over the names of other alarms, in CloudWatch's syntax: `ALARM("…") OR …`. */
  readonly rule: string;
  readonly watches: readonly NamedAlarm[];
}

/** An alarm with its name, known at synth. */
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
   * URL of the runbook; the heading of the alarm's section is added as anchor.
   * @default 'docs/runbook.md'
   */
  readonly runbookUrl?: string;
  /**
   * Extent of the monitoring. `small` has every alarm with the severity `page`, one ticket for each provider, and no dashboard.
   * With four providers it costs less than ten dollars a month. The table of faults in the runbook shows which faults it does not
   * report.
   * @default 'full'
   */
  readonly size?: MonitoringSize;
  /**
   * Number of days after which a provider that has accepted no mail counts as unproven (alarm Unproven).
   * @default 7
   */
  readonly unprovenDays?: number;
  /**
   * Number of messages in the retry queues that raises the alarm RetryBacklog.
   * @default 100
   */
  readonly retryBacklog?: number;
}

/**
 * Registry of all alarms of the stack. It gives each alarm its name, its topic and a link to the runbook.
 *
 * A construct that creates a resource registers the alarms on that resource here. No other code creates alarms.
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
   * Name of an alarm, such as `Mailover/postmark/FailureRate`. It must not change, since composite alarms and lists of muted
   * alarms use it.
   */
  nameOf(title: string, subject?: string): string {
    return [this.name, ...(subject ? [subject] : []), title].join('/');
  }

  /**
   * A metric of this deployment, from the same definition that the functions use when they write the metric.
   *
   * @throws Error if a dimension is missing: such a metric would have no data, and its alarm would never be raised
   */
  metric(name: MetricName, statistic: Statistic, dimensions?: Dimensions, period?: Duration): Metric {
    return ownMetric(this.name, name, statistic, dimensions, period);
  }

  /**
   * Creates an alarm that publishes to the topic of its severity when it is raised and when it ends. Creates no alarm if the
   * monitoring size leaves it out.
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
   * Creates an alarm that is raised while a rule over other alarms is true. Creates no alarm if the monitoring size leaves it
   * out.
   */
  composite(definition: CompositeDefinition): void {
    if (!this.keeps(definition)) return;
    const alarm = new CompositeAlarm(this, idOf(definition), {
      compositeAlarmName: this.nameOf(definition.title, definition.provider),
      alarmDescription: this.describe(definition),
      alarmRule: AlarmRule.fromString(definition.rule),
    });
    // The rule contains names of alarms, not CloudFormation references. Therefore an explicit dependency tells CloudFormation to
    // create those alarms first.
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
