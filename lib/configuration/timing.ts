import { Duration } from 'aws-cdk-lib/core';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Durations of the deployment that are computed from the deadlines for attempts at the providers. */
export interface Timing {
  readonly functionTimeout: Duration;
  readonly visibilityTimeout: Duration;
  readonly outboundRetention: Duration;
  readonly retryRetention: Duration;
  readonly deadLetterRetention: Duration;
  /** Number of receives of a message after which SQS itself moves it to the dead-letter queue. */
  readonly maxReceiveCount: number;
}

/**
 * Seconds for the work of the sender other than attempts. Before the first attempt it starts, reads secrets and S3 objects, and
 * composes the mail; after the last attempt it calls SQS.
 */
const MARGIN_S = 20;

/** Lambda ends any function after 15 minutes. */
const LONGEST_FUNCTION_S = 900;

/**
 * Time, in seconds, for which SQS delivers a message again that cannot be processed. It is long enough to roll back a broken
 * deployment.
 */
const RECEIVED_AGAIN_S = 24 * 3600;

/** Largest `maxReceiveCount` that SQS accepts. */
const MOST_RECEIVES = 1_000;

/**
 * Returns how often a message with this visibility time-out can be received in 24 hours.
 *
 * For a retry the sender writes a new message, whose receive count starts at 1 again. The sender itself moves a message that
 * crashes its processes to the dead-letter queue. So only throttled invocations and failures of AWS services lead to a high
 * receive count.
 */
export function receivesInADay(visibilityTimeout: Duration): number {
  return Math.min(MOST_RECEIVES, Math.ceil(RECEIVED_AGAIN_S / visibilityTimeout.toSeconds()) + 1);
}

/**
 * Computes all durations from the deadlines for attempts.
 *
 * @throws ConfigurationError if all attempts together may take longer than a Lambda function may run
 */
export function timing(outbound: readonly ProviderConfig[]): Timing {
  // The messages of a batch are processed concurrently. Each message may be offered to each provider once, one provider after the
  // other. So the slowest invocation takes the sum of all deadlines, for any batch size.
  const attemptsMs = outbound.reduce((sum, { deadlineMs = PROVIDER_DEFAULTS.deadlineMs }) => sum + deadlineMs, 0);
  const functionSeconds = Math.ceil(attemptsMs / 1000) + MARGIN_S;
  if (functionSeconds > LONGEST_FUNCTION_S)
    throw new ConfigurationError([
      `deadlineMs: all deadlines together are ${attemptsMs} ms; with a margin of ${MARGIN_S} s that is above the ` +
        `${LONGEST_FUNCTION_S} s that a Lambda function may run`,
    ]);
  // AWS recommends at least six times the time-out of the function, since Lambda retries throttled invocations during this time.
  const visibilityTimeout = Duration.seconds(6 * functionSeconds);
  // The longest time that SQS allows. If SQS itself moves a message to the dead-letter queue, the time since its first enqueue
  // continues to count. Therefore the sender writes a message that it receives after five days to the dead-letter queue as a new
  // message, which is kept for 14 days.
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
