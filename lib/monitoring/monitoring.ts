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
  type TreatMissingData,
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
 * Effect of an alarm's fault on a route. `closed`: the provider accepts no mail now. `failing`: mail offered to it fails, or
 * would. `stopped`: mail waits and none is accepted.
 */
export type RouteEffect = 'closed' | 'failing' | 'stopped';

interface AlarmText {
  /** Last part of the alarm's name, and the heading of its section in the runbook. */
  readonly title: string;
  /** Key of the provider that it is about; absent if it is about all of Mailover. */
  readonly provider?: string;
  /** Class of mail that it is about, in place of a provider. */
  readonly class?: string;
  /** Part of the whole that it watches, where one alarm cannot watch all of it. */
  readonly part?: string;
  readonly severity: Severity;
  /** What happens to mail meanwhile: one sentence. */
  readonly meanwhile: string;
  /** What to do first: one sentence. */
  readonly action: string;
  /**
   * Effect in the composite alarms.
   * @default - none: mail goes out
   */
  readonly effectOnRoute?: RouteEffect;
  /**
   * Whether a ticket exists in the size `small` too, since a page needs it; `only`: in no other size.
   * @default - not in the size `small`; pages always exist
   */
  readonly small?: true | 'only';
}

/** An alarm on a metric or on metric math. */
export interface AlarmDefinition extends AlarmText {
  readonly metric: IMetric;
  readonly threshold: number;
  /**
   * Comparison of the value with the threshold.
   * @default ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
   */
  readonly comparison?: ComparisonOperator;
  /** Number of the last `of` periods that must breach. */
  readonly datapoints: number;
  readonly of: number;
  /** Treatment of missing data; a comment beside it gives the reason. */
  readonly missing: TreatMissingData;
  /**
   * Whether a machine that is too busy can raise it while nothing is broken, since it depends on time or on late answers: the local
   * stack does not raise it then.
   * @default - it does not depend on time
   */
  readonly dependsOnTime?: true;
  /**
   * Minutes after a deployment in which it cannot be raised, since its metric needs that time.
   * @default - none
   */
  readonly warmUpMinutes?: number;
}

/** An alarm on the state of other alarms. */
export interface CompositeDefinition extends AlarmText {
  /** Names of alarms, in CloudWatch's words: `ALARM("…") OR …`. */
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
   * Extent of the monitoring. `small` keeps every page and one ticket for each provider, for less than ten dollars a month with four
   * providers, and has no dashboard; the table of faults in the runbook shows what it does not report.
   * @default 'full'
   */
  readonly size?: MonitoringSize;
  /**
   * Days without accepted mail after which a provider counts as unproven.
   * @default 7
   */
  readonly unprovenDays?: number;
  /**
   * Messages in the retry queues from which on their number is an alarm.
   * @default 100
   */
  readonly retryBacklog?: number;
}

/**
 * Registry of all alarms of the stack: gives each its name, topic and runbook link.
 *
 * Constructs that make a resource register its alarms here; nothing else makes an alarm.
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

  /** The alarms so far, in the order of their creation. */
  get alarms(): readonly NamedAlarm[] {
    return this.named;
  }

  /** `Mailover/postmark/FailureRate`: stable, since rules and mute lists use the name. */
  nameOf(title: string, subject?: string): string {
    return [this.name, ...(subject ? [subject] : []), title].join('/');
  }

  /**
   * A metric of this deployment, by the definition that its functions use.
   *
   * @throws Error if a dimension is missing: such a metric has no data, and its alarm is never raised
   */
  metric(name: MetricName, statistic: Statistic, dimensions?: Dimensions, period?: Duration): Metric {
    return ownMetric(this.name, name, statistic, dimensions, period);
  }

  /** Makes an alarm that publishes to the topic of its severity when it is raised and when it ends; none if the size omits it. */
  alarm(definition: AlarmDefinition): void {
    if (!this.keeps(definition)) return;
    const { metric, threshold, datapoints, of, missing } = definition;
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

  /** Makes an alarm that is raised while a rule over other alarms is true; none if the size omits it. */
  composite(definition: CompositeDefinition): void {
    if (!this.keeps(definition)) return;
    const alarm = new CompositeAlarm(this, idOf(definition), {
      compositeAlarmName: this.nameOf(definition.title, definition.provider),
      alarmDescription: this.describe(definition),
      alarmRule: AlarmRule.fromString(definition.rule),
    });
    // The rule has names, not references, so CloudFormation needs the order as a dependency.
    alarm.node.addDependency(...definition.watches.map((one) => one.alarm));
    this.register(alarm, definition);
  }

  /** Adds a row to the dashboard; its widgets share 24 columns. Rows of one place are in the order of the calls. */
  row(title: string, widgets: readonly IWidget[], place: Row['place'] = 'middle'): void {
    this.rows.push({ title, widgets, place });
  }

  /** Puts the rows on the dashboard; called once, after all registrations. */
  complete(): void {
    for (const place of ['first', 'middle', 'last'] as const)
      for (const { title, widgets } of this.rows.filter((row) => row.place === place)) {
        this.dashboard?.addWidgets(new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 }));
        this.dashboard?.addWidgets(...widgets);
      }
  }

  private keeps({ severity, small }: AlarmText): boolean {
    return this.size === 'full' ? small !== 'only' : severity === 'page' || small !== undefined;
  }

  private register(alarm: Alarm | CompositeAlarm, text: AlarmText): void {
    const action = new SnsAction(this.topics.of(text.severity));
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    const { title, severity, provider, effectOnRoute } = text;
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
