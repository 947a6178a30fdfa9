import { Duration } from 'aws-cdk-lib/core';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../../lambda/contract/providers.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Durations of the deployment that follow from the attempt deadlines. */
export interface Timing {
  readonly functionTimeout: Duration;
  readonly visibilityTimeout: Duration;
  readonly outboundRetention: Duration;
  readonly retryRetention: Duration;
  readonly deadLetterRetention: Duration;
  /** How often SQS hands out a message before it moves it to the dead-letter queue by itself. */
  readonly maxReceiveCount: number;
}

/** Seconds for start-up, secrets, S3 objects and composing before the first attempt, and queue calls after the last. */
const MARGIN_S = 20;

/** Lambda ends any function after 15 minutes. */
const LONGEST_FUNCTION_S = 900;

/** Time for which a message that cannot be processed is received again, in seconds: enough to roll back a broken deployment. */
const RECEIVED_AGAIN_S = 24 * 3600;

/** SQS takes no larger count. */
const MOST_RECEIVES = 1_000;

/**
 * How often a message with this visibility time-out is received in 24 hours.
 *
 * Our own retries are new messages and count from 1 again, and the sender dead-letters a message on which processes crash, so
 * only throttled invocations, and failures of our own services, count here.
 */
export function receivesInADay(visibilityTimeout: Duration): number {
  return Math.min(MOST_RECEIVES, Math.ceil(RECEIVED_AGAIN_S / visibilityTimeout.toSeconds()) + 1);
}

/**
 * Derives all durations from the attempt deadlines.
 *
 * @throws ConfigurationError if all attempts together may outlast a Lambda function
 */
export function timing(outbound: readonly ProviderConfig[]): Timing {
  // The messages of a batch run concurrently; a message may try each provider once, in sequence. So the
  // slowest invocation takes the sum of all deadlines, whatever the batch size.
  const attemptsMs = outbound.reduce((sum, { deadlineMs = PROVIDER_DEFAULTS.deadlineMs }) => sum + deadlineMs, 0);
  const functionSeconds = Math.ceil(attemptsMs / 1000) + MARGIN_S;
  if (functionSeconds > LONGEST_FUNCTION_S)
    throw new ConfigurationError([
      `deadlineMs: all deadlines together are ${attemptsMs} ms; with a margin of ${MARGIN_S} s that is above the ` +
        `${LONGEST_FUNCTION_S} s that a Lambda function may run`,
    ]);
  // AWS: at least six times the function time-out, since Lambda retries throttled invocations within this window.
  const visibilityTimeout = Duration.seconds(6 * functionSeconds);
  // SQS's maximum. SQS keeps the first enqueue time of a message that it moves itself, so the sender puts a message that it
  // receives after five days on the dead-letter queue as a new message, which is kept for 14 days.
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
