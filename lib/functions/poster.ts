import { EventSourceMapping, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type PosterEnvironment, posterEnvironment } from '../../lambda/contract/poster-environment.ts';
import type { SigningKey } from '../storage/signing-key.ts';
import { CONSUME } from './access.ts';
import { type FunctionProps, MailoverFunction } from './function.ts';

/** Time-out: one post of 15 s, since those of a batch are concurrent, and the secret and the queue. */
const FUNCTION_TIMEOUT = Duration.seconds(30);

/** Most batches that are posted at a time, so that an application that was away is not overrun when it is back. */
const CONCURRENCY = 5;

export interface PosterProps extends FunctionProps {
  /** The events queue. */
  readonly queue: Queue;
  /** Address that events are posted to. */
  readonly url: string;
  readonly signingKey: SigningKey;
}

/** The function that posts the events queue to an application, with its role. */
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
      // It sends to no queue, and the events of mail that was retried often have the long chain of that mail.
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
