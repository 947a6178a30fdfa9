import { z } from 'zod';
import { DEPENDS_ON_TIME } from '../../lib/monitoring/depends-on-time.ts';

const number = z.coerce.number();
const dimensions = z
  .array(z.object({ Name: z.string(), Value: z.coerce.string() }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));

// Unknown properties are refused, since an unknown property could change the conditions under which the alarm is raised.
const MetricStat = z.strictObject({
  Metric: z.strictObject({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensions }),
  Period: number,
  Stat: z.string(),
  Unit: z.string().optional(),
});

const Query = z.strictObject({
  Id: z.string(),
  MetricStat: MetricStat.optional(),
  Expression: z.string().optional(),
  Label: z.string().optional(),
  Period: number.optional(),
  ReturnData: z.boolean().default(true),
});

const COMPARISONS = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;

const Alarm = z.strictObject({
  AlarmName: z.string().optional(),
  AlarmDescription: z.string().default(''),
  ActionsEnabled: z.unknown().optional(),
  AlarmActions: z.array(z.unknown()).default([]),
  OKActions: z.array(z.unknown()).default([]),
  InsufficientDataActions: z.array(z.unknown()).default([]),
  ComparisonOperator: z.enum(COMPARISONS),
  Threshold: number,
  EvaluationPeriods: number,
  DatapointsToAlarm: number.optional(),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']).default('missing'),
  EvaluateLowSampleCountPercentile: z.enum(['evaluate', 'ignore']).default('evaluate'),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensions,
  Period: number.optional(),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Unit: z.string().optional(),
  Metrics: z.array(Query).optional(),
  WarmUpConfiguration: z
    .strictObject({ WarmUpPeriodDurationInMinutes: number, OnlyStartEvaluatingAfterWarmUpPeriodEnds: z.literal(true) })
    .optional(),
  Tags: z.unknown().optional(),
});

const Composite = z.strictObject({
  AlarmName: z.string().optional(),
  AlarmDescription: z.string().default(''),
  AlarmRule: z.string(),
  ActionsEnabled: z.unknown().optional(),
  AlarmActions: z.array(z.unknown()).default([]),
  OKActions: z.array(z.unknown()).default([]),
  InsufficientDataActions: z.array(z.unknown()).default([]),
  // These properties suppress actions of the alarm, but do not change its state.
  ActionsSuppressor: z.unknown().optional(),
  ActionsSuppressorWaitPeriod: z.unknown().optional(),
  ActionsSuppressorExtensionPeriod: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

/** Properties of an `AWS::CloudWatch::Alarm`. */
export type AlarmProperties = z.infer<typeof Alarm>;
/** Properties of an `AWS::CloudWatch::CompositeAlarm`. */
export type CompositeProperties = z.infer<typeof Composite>;
/** One entry of the property `Metrics` of an alarm. */
export type MetricQuery = z.infer<typeof Query>;

/** An alarm of the template, with all references resolved. */
export type DeployedAlarm = {
  readonly name: string;
  /** Whether an overload of this machine alone can raise the alarm, although nothing is broken. */
  readonly dependsOnTime: boolean;
} & (
  | { readonly kind: 'metric'; readonly properties: AlarmProperties }
  | { readonly kind: 'composite'; readonly properties: CompositeProperties }
);

/** An alarm resource of a template, with its intrinsic functions evaluated. */
export interface AlarmResource {
  readonly type: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Reads a metric alarm or a composite alarm. Throws on a property that the local stack cannot evaluate. */
export function readAlarm({ type, name, properties, metadata }: AlarmResource): DeployedAlarm {
  const known = { name, dependsOnTime: metadata[DEPENDS_ON_TIME] === true };
  const read = <T>(schema: z.ZodType<T>): T => {
    const result = schema.safeParse(properties);
    if (result.success) return result.data;
    throw new Error(`the local stack cannot evaluate the alarm ${name}: ${z.prettifyError(result.error)}`);
  };
  return type === 'AWS::CloudWatch::CompositeAlarm'
    ? { ...known, kind: 'composite', properties: read(Composite) }
    : { ...known, kind: 'metric', properties: read(Alarm) };
}
