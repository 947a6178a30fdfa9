import { expect, test } from 'vitest';
import { defined } from '../../../lambda/platform/defined.ts';

test('leaves out a key whose value is undefined, and keeps every other value', () => {
  const fields = defined({ none: undefined, empty: '', zero: 0, no: false, nothing: null, list: [] });

  expect(Object.entries(fields)).toStrictEqual([
    ['empty', ''],
    ['zero', 0],
    ['no', false],
    ['nothing', null],
    ['list', []],
  ]);
});

test('keeps the order of the keys', () => {
  const at: number | undefined = undefined;

  const fields = defined({ second: 2, at, first: 1 });

  expect(JSON.stringify(fields)).toBe('{"second":2,"first":1}');
});

test('makes only those fields optional that may be undefined', () => {
  const given = (reason?: string): { kind: 'failed'; reason?: string } => defined({ kind: 'failed', reason });

  expect(given()).toStrictEqual({ kind: 'failed' });
  expect(given('limit')).toStrictEqual({ kind: 'failed', reason: 'limit' });
});
