import { METRICS, type MetricDefinition } from '../../../lambda/contract/metrics.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import type { AlarmProperties, MetricQuery } from '../../template/alarms.ts';
import { AWS_UNITS } from '../metrics/aws-metrics.ts';
import type { Evaluation, Settings } from './state.ts';

/** Returns the text of the reason for an alarm's state: the measured value, and the limit with which the value is compared. */
export type AlarmReason = (evaluation: Evaluation) => string;

/** Functions that turn the value of an alarm into text: the number with its unit, and the words before or after the number. */
interface Figure {
  readonly text: (value: number) => string;
  /** Adds the words to a number with its unit: `99 %` becomes `99 % failed`, and `6.2 s` becomes `attempt latency: 6.2 s`. */
  readonly said: (figure: string) => string;
  /** Label of the value. Present only if the value is always 1 or 0. */
  readonly flag?: string;
}

/** Matches a metric-math expression whose value is always 1 or 0. */
const FLAG = /, 1, 0\)$/;
const PERCENT = /^(.*), %$/;

/**
 * Returns a function that writes the reason for a state of the alarm. The text depends on the alarm's definition in the template
 * and on the unit of its metric.
 */
export function reasonsOf(properties: AlarmProperties, watched: MetricQuery, periodSeconds: number): AlarmReason {
  const figure = figureOf(watched);
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods } = properties;
  const limit = limitOf(properties, figure);
  return (evaluation) => {
    const { newest, breaching, missing } = evaluation;
    if (figure.flag !== undefined) {
      const span = periods === 1 ? spanOf(periodSeconds) : `${periods} periods of ${spanOf(periodSeconds)}`;
      const all = periodSeconds === 60 && periods > 1 ? `${periods} minutes` : span;
      return `${figure.flag} in ${breaching} of the last ${all}; limit ${needed}`;
    }
    const last = `the last ${spanOf(periodSeconds)}`;
    const shown =
      newest === undefined
        ? `nothing was measured in ${last}`
        : `${figure.said(figure.text(newest.value))} in ${whenOf(newest.age, periodSeconds)}`;
    if (periods === 1) return `${shown}; ${limit}`;
    const absent = missing === 0 ? '' : ` (${missing} without a value)`;
    const enough = `${needed} make${needed === 1 ? 's' : ''} an alarm`;
    return `${shown}; ${limit}, reached in ${breaching} of the last ${periods} periods${absent}; ${enough}`;
  };
}

function whenOf(age: number, periodSeconds: number): string {
  if (age === 1) return `the last ${spanOf(periodSeconds)}`;
  const span = periodSeconds === 60 ? 'a minute' : periodSeconds === 3600 ? 'an hour' : spanOf(periodSeconds);
  return `${span} that ended ${timeInWords((age - 1) * periodSeconds)} ago`;
}

const LIMITS: Readonly<Record<Settings['ComparisonOperator'], string>> = {
  GreaterThanThreshold: 'limit above ',
  GreaterThanOrEqualToThreshold: 'limit ',
  LessThanThreshold: 'limit below ',
  LessThanOrEqualToThreshold: 'limit at or below ',
};

function limitOf({ ComparisonOperator, Threshold }: Settings, { text }: Figure): string {
  return `${LIMITS[ComparisonOperator]}${text(Threshold)}`;
}

function figureOf({ Id, Label, Expression, MetricStat }: MetricQuery): Figure {
  if (MetricStat === undefined) {
    const label = Label ?? Id;
    const [, percentOf] = PERCENT.exec(label) ?? [];
    return {
      text: percentOf === undefined ? rounded : (value) => `${rounded(value)} %`,
      said: (figure) => `${figure} ${percentOf ?? label}`,
      ...defined({ flag: Expression !== undefined && FLAG.test(Expression) ? label : undefined }),
    };
  }
  const { MetricName } = MetricStat.Metric;
  const words = MetricName.replace(/^Approximate/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  return { text: textOf(MetricName), said: (figure) => `${words}: ${figure}` };
}

/** Returns a function that turns a value of a metric into text, according to the unit of the metric. */
function textOf(name: string): (value: number) => string {
  const { unit, states }: Partial<MetricDefinition> = METRICS[name as keyof typeof METRICS] ?? {
    unit: AWS_UNITS[name],
  };
  if (states !== undefined) {
    const names = new Map(Object.entries(states).map(([state, value]) => [value, inWords(state)]));
    return (value) => names.get(value) ?? rounded(value);
  }
  if (unit === 'Seconds') return timeInWords;
  return unit === 'Milliseconds' ? (value) => timeInWords(value / 1000) : rounded;
}

function inWords(state: string): string {
  return state.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/**
 * Returns a duration as text, such as `40 minutes` or `6.2 s`. The text uses days, hours or minutes (the largest unit of which
 * the duration contains at least two), and otherwise seconds.
 */
export function timeInWords(seconds: number): string {
  const [length, name] = UNITS.find(([one]) => seconds >= 2 * one) ?? [1, 's'];
  return length === 1 ? `${rounded(seconds)} s` : `${rounded(seconds / length)} ${name}s`;
}

/** Returns a period as text, without the number if the number is 1: `minute`, `5 minutes`, `hour`. */
function spanOf(periodSeconds: number): string {
  return UNITS.find(([one]) => one === periodSeconds)?.[1] ?? timeInWords(periodSeconds);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
