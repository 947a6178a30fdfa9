import type { AlarmProperties, DeployedAlarm, MetricQuery } from '../../template/alarms.ts';
import type { DataPoints, SeriesSource } from '../metrics/metric.ts';
import { isPercentile, percentileOf, requireStatistic } from '../metrics/statistics.ts';
import { MINUTE_MS } from '../metrics/store.ts';
import { type CompositeRule, compileRule } from './composite.ts';
import { seriesOf } from './math-value.ts';
import { compileQueries } from './queries.ts';
import { reasonsOf } from './reason.ts';
import {
  type AlarmState,
  type EvaluatedState,
  EXTRA_PERIODS,
  goodValue,
  isLowerLimit,
  nextAlarmState,
} from './state.ts';

/** State of an alarm, the reason for this state, and the time since which the alarm has this state. */
export interface AlarmStatus extends EvaluatedState {
  readonly name: string;
  /**
   * Time of the last change of state, or of the first evaluation if the state has not changed yet. The time is in epoch
   * milliseconds by the clock of the local stack, which may run faster than real time.
   */
  readonly since: number;
}

/** States of all alarms by alarm name, in the order in which the alarms are defined. */
export type Statuses = ReadonlyMap<string, AlarmStatus>;

/** The alarms of a template, after their definitions were checked and parsed. */
export interface Alarms {
  /**
   * Returns the states at the end of the last full minute before `now` (epoch milliseconds by the clock of the local stack).
   * `before` contains the states of the previous evaluation. If `isOverloaded` is true, an alarm that depends on the speed of
   * this machine keeps its previous state instead of changing to ALARM; the reason of this state then mentions the overload. The
   * method has no side effects.
   */
  evaluate(source: SeriesSource, now: number, before?: Statuses, isOverloaded?: boolean): Statuses;
  /**
   * Returns the earliest time at which a raised alarm changes to another state if all values after `now` are within the alarm's
   * limit. The time is in epoch milliseconds by the clock of the local stack. Returns undefined if the alarm is not raised, or if
   * it would stay raised even with such values.
   */
  endsAt(name: string, source: SeriesSource, now: number, statuses: Statuses): number | undefined;
}

/** A metric alarm (an alarm that compares a metric with a threshold), after its definition was parsed. */
interface MetricAlarm {
  /** Returns the state of the alarm at the end of the minute that ends at `end`; undefined if the state does not change. */
  at(source: SeriesSource, end: number): EvaluatedState | undefined;
  /**
   * Returns the earliest time after `end` at which the alarm is no longer raised if all values after `end` are within the alarm's
   * limit.
   */
  endsAt(source: SeriesSource, end: number): number;
}

/**
 * Checks and parses the definitions of alarms. Throws on an alarm that the local stack cannot evaluate in the same way as
 * CloudWatch.
 *
 * @param born time at which the alarms were deployed and their warm-up started, in epoch milliseconds by the clock of the local
 * stack
 */
export function compileAlarms(
  definitions: readonly DeployedAlarm[],
  { born = Number.NEGATIVE_INFINITY }: { readonly born?: number } = {},
): Alarms {
  const metricAlarms = new Map<string, MetricAlarm>();
  const rules = new Map<string, CompositeRule>();
  const onTime = new Set(definitions.flatMap(({ name, dependsOnTime }) => (dependsOnTime ? name : [])));
  for (const definition of definitions) {
    try {
      if (definition.kind === 'metric')
        metricAlarms.set(definition.name, afterWarmUp(definition.properties, born, parseAlarm(definition.properties)));
      else rules.set(definition.name, compileRule(definition.properties.AlarmRule));
    } catch (error) {
      throw new Error(`alarm ${definition.name}: ${(error as Error).message}`);
    }
  }
  for (const [name, rule] of rules) follow(name, rule, []);
  return { evaluate, endsAt };

  function follow(name: string, rule: CompositeRule, path: readonly string[]): void {
    if (path.includes(name)) throw new Error(`the composite alarms ${path.join(', ')} depend on each other`);
    for (const used of rule.names) {
      const inner = rules.get(used);
      if (inner) follow(used, inner, [...path, name]);
      else if (!metricAlarms.has(used)) throw new Error(`alarm ${name}: its rule names ${used}, which is not deployed`);
    }
  }

  function evaluate(source: SeriesSource, now: number, before: Statuses = new Map(), isOverloaded = false): Statuses {
    const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const verdicts = new Map<string, EvaluatedState>();
    const verdictOf = (name: string): EvaluatedState => {
      const known = verdicts.get(name) ?? watched(name) ?? combined(name) ?? last(name);
      verdicts.set(name, known);
      return known;
    };
    const watched = (name: string): EvaluatedState | undefined => {
      const verdict = metricAlarms.get(name)?.at(source, end);
      const old = before.get(name)?.state;
      const isWithheld = isOverloaded && onTime.has(name) && old !== 'ALARM';
      if (verdict?.state !== 'ALARM' || !isWithheld) return verdict;
      return { state: old ?? 'OK', reason: `not raised, since this machine is overloaded: ${verdict.reason}` };
    };
    const combined = (name: string): EvaluatedState | undefined => {
      const rule = rules.get(name);
      return rule && compositeState(rule, (used) => verdictOf(used).state);
    };
    const last = (name: string): EvaluatedState =>
      before.get(name) ?? { state: 'INSUFFICIENT_DATA', reason: 'nothing was measured yet' };
    return new Map(definitions.map(({ name }) => [name, status(name, verdictOf(name), before.get(name), end)]));
  }

  function endsAt(name: string, source: SeriesSource, now: number, statuses: Statuses): number | undefined {
    const stateOf = (used: string): AlarmState => statuses.get(used)?.state ?? 'INSUFFICIENT_DATA';
    if (stateOf(name) !== 'ALARM') return undefined;
    const end = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const rule = rules.get(name);
    if (rule === undefined) return metricAlarms.get(name)?.endsAt(source, end);
    const ends = new Map(rule.names.map((used) => [used, endsAt(used, source, now, statuses)]));
    const later = (time: number) => (used: string) => ((ends.get(used) ?? Infinity) <= time ? 'OK' : stateOf(used));
    const times = [...ends.values()].filter((time) => time !== undefined).sort((a, b) => a - b);
    return times.find((time) => !rule.holds(later(time)));
  }
}

function status(
  name: string,
  { state, reason }: EvaluatedState,
  before: AlarmStatus | undefined,
  now: number,
): AlarmStatus {
  return { name, state, reason, since: before?.state === state ? before.since : now };
}

function compositeState(rule: CompositeRule, stateOf: (name: string) => AlarmState): EvaluatedState {
  const state = rule.holds(stateOf) ? 'ALARM' : 'OK';
  const raised = rule.names.filter((name) => stateOf(name) === 'ALARM');
  return { state, reason: raised.length === 0 ? 'no alarm of its rule is raised' : `raised: ${raised.join(', ')}` };
}

function afterWarmUp({ WarmUpConfiguration: warmUp }: AlarmProperties, born: number, alarm: MetricAlarm): MetricAlarm {
  if (warmUp === undefined) return alarm;
  const from = born + warmUp.WarmUpPeriodDurationInMinutes * MINUTE_MS;
  return {
    ...alarm,
    at: (source, end) =>
      end < from ? { state: 'INSUFFICIENT_DATA', reason: 'it was deployed a moment ago' } : alarm.at(source, end),
  };
}

function parseAlarm(properties: AlarmProperties): MetricAlarm {
  const { EvaluationPeriods, TreatMissingData, EvaluateLowSampleCountPercentile: low } = properties;
  const queries = queriesOf(properties);
  const compiled = compileQueries(queries);
  const returned = queries.filter(({ ReturnData }) => ReturnData);
  const [watched] = returned;
  if (watched === undefined || returned.length > 1) throw new Error('exactly one of its metrics must return data');
  const periodSeconds = Math.max(...queries.map(({ MetricStat, Period }) => MetricStat?.Period ?? Period ?? 0));
  if (periodSeconds < 60 || periodSeconds % 60 !== 0) throw new Error('its period must be whole minutes');
  const periods = EvaluationPeriods + EXTRA_PERIODS;
  const statistic = watched.MetricStat?.Stat ?? '';
  const fewest = low === 'ignore' && isPercentile(statistic) ? fewestSamples(percentileOf(statistic)) : 0;
  const periodMs = periodSeconds * 1000;
  const reason = reasonsOf(properties, watched, periodSeconds);
  const endingsOf = (end: number) =>
    Array.from({ length: periods }, (_, place) => end - (periods - 1 - place) * periodMs);
  const pointsOf = (source: SeriesSource, endings: readonly number[]): DataPoints => {
    const values = compiled.values(source, { endings, periodSeconds });
    return seriesOf(values(watched.Id), periods)[0] ?? [];
  };
  return {
    at(source, end) {
      const endings = endingsOf(end);
      if (fewest > 0 && samples(source, watched, endings.slice(-EvaluationPeriods), periodSeconds) < fewest)
        return undefined;
      const evaluated = nextAlarmState(properties, pointsOf(source, endings));
      return evaluated && { state: evaluated.state, reason: reason(evaluated) };
    },
    endsAt(source, end) {
      // After `end`, a metric that counts events may get no further values, and a metric that is measured continuously gets
      // values within the limit. The alarm's end is computed for both cases, and the earlier end is returned.
      const good = goodValue(properties);
      const ends = (TreatMissingData === 'notBreaching' ? [undefined, good] : [good]).map((next) => {
        const isRaised = (minutes: number): boolean => {
          const endings = endingsOf(end + minutes * MINUTE_MS);
          const points = pointsOf(source, endings).map((point, place) => {
            const ending = endings[place] ?? end;
            if (ending <= end) return point;
            // A period that is still in progress keeps its current point. Further values are assumed only to increase this point,
            // as they increase a sum. An increase ends the alarm only if the alarm's limit is a lower limit.
            const isOpen = ending - periodMs < end && point !== undefined && !isLowerLimit(properties);
            return isOpen ? point : next;
          });
          return nextAlarmState(properties, points)?.state === 'ALARM';
        };
        return lastWhere(isRaised, Math.round((periods * periodMs) / MINUTE_MS));
      });
      return end + (Math.min(...ends) + 1) * MINUTE_MS;
    },
  };
}

/**
 * Returns the largest number below `most` for which the condition is true. The condition must be true for all smaller numbers and
 * false for all larger numbers; for 0 it is taken to be true without a test.
 */
function lastWhere(condition: (number: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (condition(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function queriesOf(properties: AlarmProperties): readonly MetricQuery[] {
  if (properties.Metrics !== undefined) return properties.Metrics;
  const { Namespace, MetricName, Dimensions, Period, Statistic, ExtendedStatistic } = properties;
  const Stat = Statistic ?? ExtendedStatistic;
  if (Namespace === undefined || MetricName === undefined || Period === undefined || Stat === undefined)
    throw new Error('it needs Metrics, or Namespace, MetricName, Period and a statistic');
  requireStatistic(Stat);
  const MetricStat = { Metric: { Namespace, MetricName, Dimensions }, Period, Stat };
  return [{ Id: 'm', MetricStat, ReturnData: true }];
}

/**
 * Returns the smallest number of samples with which CloudWatch evaluates a percentile ("Percentile-based alarms and low data
 * samples", collected 2026-11-25).
 */
function fewestSamples(fraction: number): number {
  return 10 / (fraction >= 0.5 ? 1 - fraction : fraction);
}

function samples(
  source: SeriesSource,
  { MetricStat }: MetricQuery,
  endings: readonly number[],
  periodSeconds: number,
): number {
  if (MetricStat === undefined) return 0;
  const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = MetricStat.Metric;
  const reading = { metric: { namespace, name, dimensions }, statistic: 'SampleCount', periodSeconds };
  return source.read(reading, endings).reduce((sum: number, count) => sum + (count ?? 0), 0);
}
