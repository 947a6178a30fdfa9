import type { MetricQuery } from '../../template/alarms.ts';
import type { DataPoints, SeriesSource, StatisticQuery } from '../metrics/metric.ts';
import { requireStatistic } from '../metrics/statistics.ts';
import { compileMath, type MathExpression } from './math.ts';
import type { Frame } from './math-functions.ts';
import type { MathValue } from './math-value.ts';

/** Fields of a metric query that both alarms and graphs have. */
export type Query = Pick<MetricQuery, 'Id' | 'MetricStat' | 'Expression'>;

/**
 * The parsed queries of an alarm or widget: metrics, and metric-math expressions that refer to metrics and to other expressions
 * by id.
 */
export interface Queries {
  /**
   * Returns a function that computes the value of the query with the given id. The value of each query is computed at most once.
   */
  values(source: SeriesSource, frame: Frame): (id: string) => MathValue;
}

/**
 * Checks and parses queries. Throws on an unknown id, statistic or function, and on expressions that refer to each other in a
 * cycle.
 */
export function compileQueries(queries: readonly Query[]): Queries {
  const byId = new Map(queries.map((query) => [query.Id, query]));
  const expressions = new Map<string, MathExpression>();
  for (const { Id, Expression, MetricStat } of queries) {
    if (Expression !== undefined) expressions.set(Id, compileMath(Expression));
    else if (MetricStat === undefined) throw new Error(`the query ${Id} has neither a metric nor an expression`);
    else requireStatistic(MetricStat.Stat);
  }
  for (const id of byId.keys()) follow(id, []);
  return { values: (source, frame) => reader(source, frame) };

  function follow(id: string, path: readonly string[]): void {
    if (!byId.has(id)) throw new Error(`an expression names ${id}, which is not among its metrics`);
    if (path.includes(id)) throw new Error(`the expressions ${path.join(', ')} refer to each other`);
    for (const used of expressions.get(id)?.uses ?? []) follow(used, [...path, id]);
  }

  function reader(source: SeriesSource, frame: Frame): (id: string) => MathValue {
    const known = new Map<string, MathValue>();
    const metrics = (part: string): DataPoints[] =>
      queries.filter(({ Id, MetricStat }) => MetricStat && Id.includes(part)).map(({ Id }) => read(Id) as DataPoints);
    const read = (id: string): MathValue => {
      const value = known.get(id) ?? compute(id);
      known.set(id, value);
      return value;
    };
    const compute = (id: string): MathValue => {
      const expression = expressions.get(id);
      if (expression !== undefined) return expression.evaluate(frame, read, metrics);
      return source.read(readingOf(byId.get(id) as Query, frame.periodSeconds), frame.endings);
    };
    return read;
  }
}

function readingOf({ MetricStat }: Query, periodSeconds: number): StatisticQuery {
  if (MetricStat === undefined) throw new Error('an expression has no metric');
  const { Metric, Stat } = MetricStat;
  return {
    metric: { namespace: Metric.Namespace, name: Metric.MetricName, dimensions: Metric.Dimensions },
    statistic: Stat,
    periodSeconds,
  };
}
