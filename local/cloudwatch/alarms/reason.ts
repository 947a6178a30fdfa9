import { METRICS, type MetricDefinition } from '../../../lambda/contract/metrics.ts';
import type { AlarmProperties, MetricQuery } from '../../template/alarms.ts';
import { AWS_UNITS } from '../metrics/aws-metrics.ts';
import type { Judgement, Settings } from './state.ts';

/** Writes the reason of a state: the figure, and the limit that it is compared with. */
export type AlarmReason = (judgement: Judgement) => string;

/** What the value of an alarm is: the words before or after its figure, and the form of the figure. */
interface Figure {
  readonly text: (value: number) => string;
  /** Words that the figure completes, such as `failed` of `99 % failed`, or `attempt latency` of `attempt latency: 6.2 s`. */
  readonly said: (figure: string) => string;
  /** Label of a value that is only 1 or 0. */
  readonly flag?: string;
}

/** A metric-math expression whose value is only 1 or 0. */
const FLAG = /, 1, 0\)$/;
const PERCENT = /^(.*), %$/;

/** Prepares the reasons of an alarm, from its definition in the template and the units of its metric. */
export function reasonsOf(properties: AlarmProperties, watched: MetricQuery, periodSeconds: number): AlarmReason {
  const figure = figureOf(watched);
  const { EvaluationPeriods: periods, DatapointsToAlarm: needed = periods } = properties;
  const limit = limitOf(properties, figure);
  return (judgement) => {
    const { newest, breaching, missing } = judgement;
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
      ...(Expression !== undefined && FLAG.test(Expression) && { flag: label }),
    };
  }
  const { MetricName } = MetricStat.Metric;
  const words = MetricName.replace(/^Approximate/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  return { text: textOf(MetricName), said: (figure) => `${words}: ${figure}` };
}

/** Form of a metric's values, by the unit in which its function or AWS service measures it. */
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

/** A length of time in its largest unit of which it has two or more, such as `40 minutes` or `6.2 s`. */
export function timeInWords(seconds: number): string {
  const [length, name] = UNITS.find(([one]) => seconds >= 2 * one) ?? [1, 's'];
  return length === 1 ? `${rounded(seconds)} s` : `${rounded(seconds / length)} ${name}s`;
}

/** A period without its number if that is 1: `minute`, `5 minutes`, `hour`. */
function spanOf(periodSeconds: number): string {
  return UNITS.find(([one]) => one === periodSeconds)?.[1] ?? timeInWords(periodSeconds);
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
