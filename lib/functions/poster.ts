import { EventSourceMapping, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type PosterEnvironment, posterEnvironment } from '../../lambda/contract/poster-environment.ts';
import type { SigningKey } from '../storage/signing-key.ts';
import { CONSUME } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

/**
 * Time-out of the function: 15 s for the posts of a batch, which run concurrently, and 15 s for calls to Secrets Manager and SQS.
 */
const FUNCTION_TIMEOUT = Duration.seconds(30);

/**
 * Largest number of batches that are posted concurrently. It is small, so that an application is not overloaded by the waiting
 * events after an outage.
 */
const CONCURRENCY = 5;

export interface PosterProps extends FunctionProps {
  /** The events queue. */
  readonly queue: Queue;
  /** URL to which events are posted. */
  readonly url: string;
  readonly signingKey: SigningKey;
}

/** The Lambda function that posts the messages of the events queue to an application, and the IAM role of the function. */
export class PosterFunction extends MailoverFunction<PosterEnvironment> {
  constructor(scope: Construct, id: string, props: PosterProps) {
    const { queue, url, signingKey } = props;
    super(scope, id, {
      ...props,
      description: 'Posts delivery events and dead letters to the application',
      roleDescription: 'Permissions of the function that posts events of Mailover',
      entry: 'lambda/poster/handler.ts',
      environment: posterEnvironment,
      values: { url, signingSecret: signingKey.secretArn, queueUrl: queue.queueUrl },
      smallerEnvironment: 'use a shorter URL',
      timeout: FUNCTION_TIMEOUT,
      memorySize: 256,
      // The function sends messages to no queue, so it cannot cause a loop. But Lambda counts all invocations that led to an
      // event, also those of the sender. For an event about a mail that was retried often, this count is high, and Lambda would
      // drop the event.
      recursiveLoop: RecursiveLoop.ALLOW,
    });
    this.allow(CONSUME, [queue.queueArn]);
    this.role.addToPolicy(signingKey.readStatement());
    new EventSourceMapping(this, 'Events', {
      target: this.function,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: CONCURRENCY,
    });
  }
}
