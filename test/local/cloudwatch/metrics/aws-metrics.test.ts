import { expect, it } from 'vitest';
import { LocalQueues } from '../../../../local/aws/queue.ts';
import { StackClock } from '../../../../local/clock.ts';
import { invocationData, QueueSampler, throttleDatum } from '../../../../local/cloudwatch/metrics/aws-metrics.ts';

it('measures a queue as SQS does: its current length, and messages sent and deleted since the last time', () => {
  let now = Date.now();
  const clock = new StackClock(60, () => now);
  const queues = new LocalQueues(clock);
  const dead = queues.add('dead', {});
  const queue = queues.add('mail', {
    VisibilityTimeout: '60',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }),
  });
  const sampler = new QueueSampler(clock);
  const sample = (name: string) => {
    const data = sampler.sample([name === 'dead' ? dead : queue], clock.now());
    return Object.fromEntries(data.map(({ metric, values: [value] }) => [metric.name, value]));
  };
  for (const body of ['one', 'two', 'three']) queue.enqueue(message(body, now));
  queue.enqueue({ ...message('later', now), delayUntil: now + 900_000_000 });
  const [first] = queue.dequeue(1);
  queue.deleteMessage(first?.ReceiptHandle ?? '');
  queue.dequeue(1);
  now += 2_000;

  expect(sample('mail')).toEqual({
    ApproximateNumberOfMessagesVisible: 1,
    ApproximateNumberOfMessagesNotVisible: 1,
    ApproximateNumberOfMessagesDelayed: 1,
    ApproximateAgeOfOldestMessage: 120,
    NumberOfMessagesSent: 4,
    NumberOfMessagesReceived: 2,
    NumberOfMessagesDeleted: 1,
  });
  expect(sample('mail')).toMatchObject({ NumberOfMessagesSent: 0, NumberOfMessagesReceived: 0 });
  expect(sample('dead')).toMatchObject({ ApproximateAgeOfOldestMessage: 0, NumberOfMessagesSent: 0 });
});

it('measures a call as Lambda does', () => {
  const clock = new StackClock(1, () => 0);
  const facts = { functionName: 'sender', startedAt: 5, durationMs: 70, failed: true, concurrent: 3 };

  const data = invocationData(facts, clock);

  expect(data.map(({ metric, values }) => [metric.name, values[0]])).toEqual([
    ['Invocations', 1],
    ['Errors', 1],
    ['Throttles', 0],
    ['Duration', 70],
    ['ConcurrentExecutions', 3],
  ]);
  expect(data[0]).toMatchObject({ at: 5, metric: { namespace: 'AWS/Lambda', dimensions: { FunctionName: 'sender' } } });
});

it('counts a refused call as throttled, and as no invocation', () => {
  expect(throttleDatum('events', 7)).toEqual({
    metric: { namespace: 'AWS/Lambda', name: 'Throttles', dimensions: { FunctionName: 'events' } },
    at: 7,
    values: [1],
    unit: 'Count',
  });
});

/** Returns a message in the form in which the action SendMessage stores it. */
function message(body: string, sent: number) {
  return {
    messageId: body,
    body,
    md5OfBody: '',
    md5OfMessageAttributes: '',
    messageAttributes: {},
    attributes: {},
    sentTimestamp: sent,
    approximateReceiveCount: 0,
    // The class of the library has more methods, but the queues of this test call none of them.
  } as unknown as Parameters<ReturnType<LocalQueues['add']>['enqueue']>[0];
}
