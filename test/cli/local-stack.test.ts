import { expect, it } from 'vitest';
import { localStackUrl } from '../../cli/local-stack.ts';
import { UsageError } from '../../cli/usage.ts';

it('finds the local stack at its usual port, or at that of MAILOVER_PORT', () => {
  expect([localStackUrl(undefined), localStackUrl('5700')]).toEqual(['http://127.0.0.1:4700', 'http://127.0.0.1:5700']);
});

it.each(['abc', '', '0', '70000', '47 00', '4700/x'])('refuses MAILOVER_PORT=%s with what it takes', (port) => {
  expect(() => localStackUrl(port)).toThrow(UsageError);
  expect(() => localStackUrl(port)).toThrow(/MAILOVER_PORT is ".*"; it must be a whole number from 1 to 65000/);
});
