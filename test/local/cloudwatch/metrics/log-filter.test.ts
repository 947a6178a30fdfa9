import { expect, it } from 'vitest';
import { compileLogFilter } from '../../../../local/cloudwatch/metrics/log-filter.ts';

const FILTER = { logGroup: 'access', namespace: 'Mailover', name: 'TurnedAway', value: 1 };
const PATTERN = '{ $.routeKey = "POST /events/*" && ($.status = "429" || $.status = "503") }';
const compile = (pattern: string) => compileLogFilter({ ...FILTER, pattern });

it.each([
  ['429 of the route', { routeKey: 'POST /events/{key}/{path}', status: '429' }, 1],
  ['503 of the route', { routeKey: 'POST /events/{key}/{path}', status: '503' }, 1],
  ['200 of the route', { routeKey: 'POST /events/{key}/{path}', status: '200' }, undefined],
  ['429 of another route', { routeKey: 'POST /inbound/{key}/{path}', status: '429' }, undefined],
  ['a line without a status', { routeKey: 'POST /events/{key}/{path}' }, undefined],
])('counts lines that match: %s', (_, line, expected) => {
  const datum = compile(PATTERN).read(JSON.stringify(line), 5);

  expect(datum?.values[0]).toBe(expected);
  if (expected !== undefined)
    expect(datum).toMatchObject({ at: 5, metric: { namespace: 'Mailover', name: 'TurnedAway', dimensions: {} } });
});

it('has no value for a line that is no JSON', () => {
  expect(compile(PATTERN).read('429', 0)).toBeUndefined();
});

it('binds && before ||, and compares the whole text, whose dots are dots', () => {
  const filter = compile('{ $.a = "1.0" || $.a = "2" && $.b != "3" }');
  const matches = (fields: object) => filter.read(JSON.stringify(fields), 0) !== undefined;

  expect(
    [{ a: '1.0' }, { a: '2', b: '4' }, { a: '2', b: '3' }, { a: '100' }, { a: '21', b: '4' }].map(matches),
  ).toEqual([true, true, false, false, false]);
});

it.each(['ERROR', '{ $.a = 1 }', '{ $.a > "1" }', '{ $.a = "1" ', '{ $.a = "1" } x', '{ $.a.b = "1" }'])(
  'refuses a pattern that it would evaluate wrongly: %s',
  (pattern) => {
    expect(() => compile(pattern)).toThrow('does not support the filter pattern');
  },
);
