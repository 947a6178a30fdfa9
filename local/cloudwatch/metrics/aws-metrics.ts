import type { LocalQueue } from '../../aws/queue.ts';
import type { StackClock } from '../../clock.ts';
import type { InvocationFacts } from '../../lambda/pool.ts';
import type { Datum } from './metric.ts';

/** Units of the AWS metrics that are not counts, by the name of the metric. */
export const AWS_UNITS: Readonly<Record<string, 'Milliseconds' | 'Seconds'>> = {
  Duration: 'Milliseconds',
  ApproximateAgeOfOldestMessage: 'Seconds',
};

/**
 * Returns Lambda's metrics of one invocation that was not throttled ("Types of metrics for Lambda functions", collected
 * 2026-11-25). On this machine an invocation waits until a process is free. Therefore an invocation is throttled only if the
 * reserved concurrency of the function is used up.
 */
export function invocationData(
  { functionName, startedAt, durationMs, failed, concurrent }: InvocationFacts,
  clock: StackClock,
): Datum[] {
  const datum = (name: string, value: number): Datum => ({
    metric: { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } },
    at: clock.toStack(startedAt),
    values: [value],
    unit: AWS_UNITS[name] ?? 'Count',
  });
  return [
    datum('Invocations', 1),
    datum('Errors', failed ? 1 : 0),
    datum('Throttles', 0),
    // The duration is in real time and is not multiplied by the time scale, since calls of providers take real time.
    datum('Duration', durationMs),
    datum('ConcurrentExecutions', concurrent),
  ];
}

/**
 * Returns Lambda's metric for one throttled invocation. Lambda counts it neither as an invocation nor as an error. `at` is the
 * time of the throttling, in epoch milliseconds by the clock of the local stack.
 */
export function throttleDatum(functionName: string, at: number): Datum {
  const metric = { namespace: 'AWS/Lambda', name: 'Throttles', dimensions: { FunctionName: functionName } };
  return { metric, at, values: [1], unit: 'Count' };
}

/**
 * Samples the metrics that SQS publishes about its queues ("Available CloudWatch metrics for Amazon SQS", collected 2026-11-25).
 * It is called once a minute.
 */
export class QueueSampler {
  readonly #clock: StackClock;
  readonly #before = new Map<LocalQueue, LocalQueue['traffic']>();

  constructor(clock: StackClock) {
    this.#clock = clock;
  }

  /**
   * Returns the current length of each queue, the age of its oldest message, and the numbers of messages that were sent, received
   * and deleted since the previous sample. `at` is the time of the sample in epoch milliseconds, by the clock of the local stack,
   * which may run faster than real time.
   */
  sample(queues: Iterable<LocalQueue>, at: number): Datum[] {
    return [...queues].flatMap((queue) => {
      const count = (attribute: Parameters<LocalQueue['getAttribute']>[0]): number =>
        Number(queue.getAttribute(attribute));
      const before = this.#before.get(queue) ?? { sent: 0, received: 0, deleted: 0 };
      const now = { ...queue.traffic };
      this.#before.set(queue, now);
      const values: readonly [name: string, value: number][] = [
        ['ApproximateNumberOfMessagesVisible', count('ApproximateNumberOfMessages')],
        ['ApproximateNumberOfMessagesNotVisible', count('ApproximateNumberOfMessagesNotVisible')],
        ['ApproximateNumberOfMessagesDelayed', count('ApproximateNumberOfMessagesDelayed')],
        ['ApproximateAgeOfOldestMessage', this.#ageSeconds(queue)],
        ['NumberOfMessagesSent', now.sent - before.sent],
        ['NumberOfMessagesReceived', now.received - before.received],
        ['NumberOfMessagesDeleted', now.deleted - before.deleted],
      ];
      return values.map(([name, value]) => ({
        metric: { namespace: 'AWS/SQS', name, dimensions: { QueueName: queue.name } },
        at,
        values: [value],
        unit: AWS_UNITS[name] ?? 'Count',
      }));
    });
  }

  #ageSeconds({ oldestSent }: LocalQueue): number {
    if (oldestSent === undefined) return 0;
    return Math.max(0, Math.floor((this.#clock.now() - this.#clock.toStack(oldestSent)) / 1000));
  }
}
