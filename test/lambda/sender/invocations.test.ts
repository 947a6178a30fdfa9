import { expect, test } from 'vitest';
import { invocationsOfAge, MAX_AGE_MS } from '../../../lambda/submission/backoff.ts';
import { readAttributes, retryAttributes } from '../../../lambda/submission/retry-attributes.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

test('a message counts the invocations of the sender, including failed ones', () => {
  const first = readAttributes(sqsRecord('{}', { receiveCount: 3 }), {});
  const attributes = retryAttributes(first, 'postmark', Date.now());
  const second = readAttributes(sqsRecord('{}', { receiveCount: 2 }), attributes);

  expect(first.invocations).toBe(3);
  expect(second.invocations).toBe(5);
});

test('a redrive starts the count again', () => {
  const attributes = {
    Reason: 'Exhausted',
    SubmissionId: 'order-1',
    FirstSeen: '2026-11-24T12:00:00Z',
    Life: '400',
  };

  expect(readAttributes(sqsRecord('{}'), attributes).invocations).toBe(1);
});

test('a message that waits as long as allowed has far fewer invocations than the limit for its age', () => {
  // Usual number of invocations for one message: each hour, one round of attempts and up to four further waits on the queue; in
  // addition some for the first waits, each of which is twice as long as the wait before.
  const usual = (ageMs: number) => 12 + (5 * ageMs) / 3_600_000;

  for (const hours of [0, 1, 6, 24, 96])
    expect(invocationsOfAge(hours * 3_600_000)).toBeGreaterThan(1.5 * usual(hours * 3_600_000));
  expect(invocationsOfAge(MAX_AGE_MS)).toBeLessThan(1_000);
});
