import { expect, test } from 'vitest';
import { matchRoute } from '../../../local/http-api/route.ts';

const choose = (keys: string[], method: string, path: string) => {
  const match = matchRoute(
    keys.map((key) => ({ key })),
    method,
    path,
  );
  return match && [match.route.key, match.pathParameters];
};

test.each([
  [
    'a full match wins over a greedy one',
    ['ANY /{proxy+}', 'POST /inbound/a'],
    'POST',
    '/inbound/a',
    'POST /inbound/a',
  ],
  [
    'a literal wins over a variable',
    ['POST /inbound/{key}', 'POST /inbound/a'],
    'POST',
    '/inbound/a',
    'POST /inbound/a',
  ],
  ['a method wins over ANY', ['ANY /a', 'POST /a'], 'POST', '/a', 'POST /a'],
  ['anything wins over $default', ['$default', 'ANY /{proxy+}'], 'GET', '/a', 'ANY /{proxy+}'],
])('%s', (_name, keys, method, path, expected) => {
  expect(choose(keys, method, path)?.[0]).toBe(expected);
});

test('returns the values of the variables', () => {
  expect(choose(['POST /inbound/{key}/{rest+}'], 'POST', '/inbound/mailgun/secret/mime')).toEqual([
    'POST /inbound/{key}/{rest+}',
    { key: 'mailgun', rest: 'secret/mime' },
  ]);
});

test.each([
  ['another method', ['POST /a'], 'GET', '/a'],
  ['a shorter path', ['POST /a/{b}'], 'POST', '/a'],
  ['a longer path', ['POST /a/{b}'], 'POST', '/a/b/c'],
  ['a greedy variable without anything', ['POST /a/{b+}'], 'POST', '/a'],
  ['another letter case', ['POST /a'], 'POST', '/A'],
])('finds nothing for %s', (_name, keys, method, path) => {
  expect(choose(keys, method, path)).toBeUndefined();
});
