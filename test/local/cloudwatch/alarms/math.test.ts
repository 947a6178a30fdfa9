import { describe, expect, it } from 'vitest';
import { compileMath } from '../../../../local/cloudwatch/alarms/math.ts';
import type { MathValue } from '../../../../local/cloudwatch/alarms/math-value.ts';

const _ = undefined;
const METRICS: Readonly<Record<string, MathValue>> = {
  a: [1, 2, _, 4],
  b: [10, _, _, 0],
  empty: [_, _, _, _],
};

function evaluate(text: string): MathValue {
  const frame = { endings: [1, 2, 3, 4], periodSeconds: 60 };
  const series = (part: string) =>
    Object.entries(METRICS)
      .filter(([id]) => id.includes(part))
      .map(([, value]) => value as readonly number[]);
  return compileMath(text).evaluate(frame, (id) => METRICS[id] ?? [], series);
}

describe('metric math', () => {
  it.each<[string, MathValue]>([
    ['a + b', [11, _, _, 4]],
    ['a / b', [0.1, _, _, _]],
    ['100 * FILL(a, 0)', [100, 200, 0, 400]],
    ['FILL(empty, 7)', [7, 7, 7, 7]],
    ['FILL(b, a)', [10, 2, _, 0]],
    ['FILL(a, REPEAT)', [1, 2, 2, 4]],
    ['IF(a > 1, a)', [_, 2, _, 4]],
    ['IF(FILL(a, 0) >= 2, 1, 0)', [0, 1, 0, 1]],
    ['IF(a >= 2 AND b < 5, 1, 0)', [0, _, _, 1]],
    ['IF(a > 1 || b > 1, 1, 0)', [1, _, _, 1]],
    ['-a', [-1, -2, _, -4]],
    ['2 ^ 3 + 1', 9],
    ['SUM([a, b])', [11, 2, _, 4]],
    ['MAX([a, b])', [10, 2, _, 4]],
    ['MIN([a, b])', [1, 2, _, 0]],
    ['AVG([a, b])', [5.5, 2, _, 2]],
    ['SUM(METRICS())', [11, 2, _, 4]],
    ['SUM(METRICS("b"))', [10, _, _, 0]],
    ['SUM(a)', 7],
    ['MAX(a) - MIN(a)', 3],
    ['METRIC_COUNT([a, b])', 2],
    ['DIFF(a)', [_, 1, _, _]],
    ['RATE(a)', [_, 1 / 60, _, _]],
    ['RUNNING_SUM(a)', [1, 3, _, 7]],
    ['PERIOD(a)', 60],
  ])('computes %s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it.each([
    ['ANOMALY_DETECTION_BAND(a)', /function ANOMALY_DETECTION_BAND/],
    ["SEARCH('x', 'Sum', 60)", /function SEARCH/],
    ['a % 2', /operator %/],
    ['a ? 1 : 2', /ConditionalExpression/],
    ['a.b', /MemberExpression/],
    ['a +', /cannot parse/],
  ])('refuses %s when it is read', (text, message) => {
    expect(() => compileMath(text)).toThrow(message);
  });
});
