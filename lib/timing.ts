import { Duration } from 'aws-cdk-lib/core';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../lambda/contract/providers.ts';
import { ConfigurationError } from '../lambda/contract/validate-providers.ts';

/** Every duration of the deployment that depends on another one. */
export interface Timing {
  readonly functionTimeout: Duration;
  readonly visibilityTimeout: Duration;
  readonly outboundRetention: Duration;
  readonly retryRetention: Duration;
  readonly deadLetterRetention: Duration;
}

/** Start-up, secrets, objects from S3, composing before the first attempt; the queue calls after the last. */
const MARGIN_S = 20;

/** Lambda ends any function after 15 minutes. */
const LONGEST_FUNCTION_S = 900;

/**
 * How often SQS hands out a message before it moves it to the dead-letter queue by itself.
 *
 * Our own retries are new messages and count from 1 again, so only crashes, time-outs and throttled invocations count
 * here. AWS asks for at least 5. With the usual visibility of six minutes, 20 keep a message for two hours of nothing
 * but crashes: time to roll back a broken deployment before healthy mail is moved away.
 */
export const MAX_RECEIVE_COUNT = 20;

/**
 * Derives all durations from the attempt deadlines.
 *
 * @throws ConfigurationError if all attempts together may outlast a Lambda function
 */
export function timing(outbound: readonly ProviderConfig[]): Timing {
  // The messages of a batch run side by side; a message may try each provider once, one after the other. So the
  // slowest invocation takes the sum of all deadlines, whatever the batch size.
  const attemptsMs = outbound.reduce((sum, { deadlineMs = PROVIDER_DEFAULTS.deadlineMs }) => sum + deadlineMs, 0);
  const functionSeconds = Math.ceil(attemptsMs / 1000) + MARGIN_S;
  if (functionSeconds > LONGEST_FUNCTION_S)
    throw new ConfigurationError([
      `deadlineMs: all deadlines together are ${attemptsMs} ms; with a margin of ${MARGIN_S} s that is above the ` +
        `${LONGEST_FUNCTION_S} s that a Lambda function may run`,
    ]);
  return {
    functionTimeout: Duration.seconds(functionSeconds),
    // AWS: at least six times the function time-out, since Lambda retries throttled invocations within this window.
    visibilityTimeout: Duration.seconds(6 * functionSeconds),
    // A submission that nobody took ends after four days at the latest, so older ones have no use. SQS keeps the
    // first enqueue time of what it moves itself: ten days are then left in the dead-letter queue.
    outboundRetention: Duration.days(4),
    // Every retry is sent anew within the hour and renews its clock, so only mail whose consumer stands still grows
    // old here: it gets all the time that SQS can give.
    retryRetention: Duration.days(14),
    deadLetterRetention: Duration.days(14),
  };
}
