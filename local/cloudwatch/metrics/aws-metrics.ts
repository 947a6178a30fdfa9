import type { LocalQueue } from '../../aws/queue.ts';
import type { StackClock } from '../../clock.ts';
import type { InvocationFacts } from '../../lambda/pool.ts';
import type { Datum } from './metric.ts';

/** Units of AWS's metrics that are no counts, by name. */
export const AWS_UNITS: Readonly<Record<string, 'Milliseconds' | 'Seconds'>> = {
  Duration: 'Milliseconds',
  ApproximateAgeOfOldestMessage: 'Seconds',
};

/**
 * Lambda's metrics of one call ("Types of metrics for Lambda functions", collected 2026-11-25). A call waits for a free
 * process, so only reserved concurrency throttles on this machine.
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
    // Calls of providers take real time at any scale.
    datum('Duration', durationMs),
    datum('ConcurrentExecutions', concurrent),
  ];
}

/** Lambda's metric of one refused call, which is neither an invocation nor an error. */
export function throttleDatum(functionName: string, at: number): Datum {
  const metric = { namespace: 'AWS/Lambda', name: 'Throttles', dimensions: { FunctionName: functionName } };
  return { metric, at, values: [1], unit: 'Count' };
}

/** SQS's metrics of the queues, once a minute ("Available CloudWatch metrics for Amazon SQS", collected 2026-11-25). */
export class QueueSampler {
  readonly #clock: StackClock;
  readonly #before = new Map<LocalQueue, LocalQueue['traffic']>();

  constructor(clock: StackClock) {
    this.#clock = clock;
  }

  /** Current length of each queue, and messages sent, received and deleted since the last sample. `at` is stack time. */
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
