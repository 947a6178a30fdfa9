import { Duration } from 'aws-cdk-lib/core';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Time-out of the sender function, and settings of the queues that the sender uses. */
export interface Timing {
  readonly functionTimeout: Duration;
  readonly visibilityTimeout: Duration;
  readonly outboundRetention: Duration;
  readonly retryRetention: Duration;
  readonly deadLetterRetention: Duration;
  /** Number of receives of a message after which SQS itself moves the message to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/**
 * Seconds for the work of the sender other than attempts. Before the first attempt, the sender starts, reads secrets, the state
 * table and S3 objects, and composes the mail. After the last attempt, it calls the state table and SQS.
 */
const MARGIN_S = 20;

/** Longest time-out that Lambda allows: 15 minutes. */
const LONGEST_FUNCTION_S = 900;

/**
 * Time, in seconds, during which SQS repeats the delivery of a message that cannot be processed. It is long enough to roll back a
 * broken deployment.
 */
const RECEIVED_AGAIN_S = 24 * 3600;

/** Largest `maxReceiveCount` that SQS accepts. */
const MOST_RECEIVES = 1_000;

/**
 * Returns how often a message with this visibility time-out can be received in 24 hours, but at most 1,000.
 *
 * For a retry the sender sends a new message, whose receive count starts at 1 again. The sender itself sends a message that
 * crashes its processes to the dead-letter queue. So only throttled invocations, failures of AWS services and defects lead to a
 * high receive count of a submission.
 */
export function receivesInADay(visibilityTimeout: Duration): number {
  return Math.min(MOST_RECEIVES, Math.ceil(RECEIVED_AGAIN_S / visibilityTimeout.toSeconds()) + 1);
}

/**
 * Computes the time-out of the sender and the visibility time-out of its queues from the deadlines for attempts.
 *
 * @throws ConfigurationError if all attempts together may take longer than a Lambda function may run
 */
export function timing(outbound: readonly ProviderConfig[]): Timing {
  // Most messages of a batch are processed concurrently. Each message may be offered to each provider once, one provider after
  // the other, which takes at most the sum of all deadlines. Messages with S3 objects, and messages that were received before,
  // are processed one after the other; if no time is left for a message, it is processed later.
  const attemptsMs = outbound.reduce((sum, { deadlineMs = PROVIDER_DEFAULTS.deadlineMs }) => sum + deadlineMs, 0);
  const functionSeconds = Math.ceil(attemptsMs / 1000) + MARGIN_S;
  if (functionSeconds > LONGEST_FUNCTION_S)
    throw new ConfigurationError([
      `deadlineMs: all deadlines together are ${attemptsMs} ms; with a margin of ${MARGIN_S} s that is above the ` +
        `${LONGEST_FUNCTION_S} s that a Lambda function may run`,
    ]);
  // AWS recommends at least six times the time-out of the function, since Lambda retries throttled invocations during this time.
  const visibilityTimeout = Duration.seconds(6 * functionSeconds);
  // The longest time that SQS allows. If SQS itself moves a message to the dead-letter queue, the message is deleted 14 days
  // after it was first sent. A dead letter that the sender itself sends is a new message, which is kept for 14 days. Therefore
  // the sender dead-letters a message that was first received more than five days after it was sent.
  const retention = Duration.days(14);
  return {
    functionTimeout: Duration.seconds(functionSeconds),
    visibilityTimeout,
    maxReceiveCount: receivesInADay(visibilityTimeout),
    outboundRetention: retention,
    retryRetention: retention,
    deadLetterRetention: retention,
  };
}
