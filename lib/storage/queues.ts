import { Queue, QueueEncryption, QueuePolicy, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Timing } from '../configuration/timing.ts';
import { encryptionKey } from './encryption.ts';

/** Largest message that SQS takes (docs.aws.amazon.com/AWSSimpleQueueService, quotas-messages, 2026-11-23). */
const MAX_MESSAGE_BYTES = 1_048_576;

/** Bytes kept for attributes of retries and dead letters: a message that the outbound queue took must fit there too. */
const ATTRIBUTES_BYTES = 16_384;

/** Visibility time-out of events that are forwarded: six times the time-out of the function that posts them. */
const FORWARD_VISIBILITY = Duration.seconds(180);

/** Tries of an event: two days of the visibility time-out, and for posts three days, since they wait from 5 s to an hour. */
const FORWARD_TRIES = { bus: 960, url: 80 };

/**
 * A queue that is encrypted, takes TLS only, and is retained when it is removed from the template.
 *
 * A failed first deployment deletes its empty queues.
 */
export class MailQueue extends Queue {
  constructor(scope: Construct, id: string, props: QueueProps) {
    const key = encryptionKey(scope);
    super(scope, id, {
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      enforceSSL: true,
      maxMessageSizeBytes: MAX_MESSAGE_BYTES,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      ...props,
    });
    for (const child of this.node.children)
      if (child instanceof QueuePolicy) child.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  }
}

export interface QueuesProps {
  /** Keys of the sending providers; each gets a retry queue. */
  readonly keys: readonly string[];
  readonly timing: Timing;
  /** Whether a provider receives mail. */
  readonly receives: boolean;
  /** Where the stack itself puts what is on the events queue; undefined if a program reads it. */
  readonly forwardsEvents: keyof typeof FORWARD_TRIES | undefined;
}

/** First part of the ids of the retry queues; physical names contain it. */
export const RETRY_QUEUE = 'Retry';

/** All queues of a deployment. */
export class Queues extends Construct {
  readonly outbound: Queue;
  readonly deadLetter: Queue;
  readonly events: Queue;
  /** Events that the event bus or the URL did not take; undefined if a program reads the events queue. */
  readonly undelivered: Queue | undefined;
  /** Received mail for the application; undefined if no provider receives. */
  readonly inbound: Queue | undefined;
  /** Retry queues by provider key. */
  readonly retry: ReadonlyMap<string, Queue>;

  constructor(scope: Construct, id: string, { keys, timing, receives, forwardsEvents }: QueuesProps) {
    super(scope, id);
    this.deadLetter = new MailQueue(this, 'DeadLetter', {
      retentionPeriod: timing.deadLetterRetention,
      visibilityTimeout: timing.visibilityTimeout,
      // SQS takes at most ten named sources, and naming them would make a cycle in the template. Only queues of the
      // same account and region can redrive here in any case.
      redriveAllowPolicy: { redrivePermission: RedrivePermission.ALLOW_ALL },
    });
    const source = {
      visibilityTimeout: timing.visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetter, maxReceiveCount: timing.maxReceiveCount },
    };
    this.outbound = new MailQueue(this, 'Outbound', {
      ...source,
      retentionPeriod: timing.outboundRetention,
      maxMessageSizeBytes: MAX_MESSAGE_BYTES - ATTRIBUTES_BYTES,
    });
    this.retry = new Map(
      keys.map((key) => [
        key,
        new MailQueue(this, `${RETRY_QUEUE}-${key}`, { ...source, retentionPeriod: timing.retryRetention }),
      ]),
    );
    this.undelivered = forwardsEvents
      ? new MailQueue(this, 'Undelivered', { retentionPeriod: timing.retryRetention })
      : undefined;
    this.events =
      forwardsEvents && this.undelivered
        ? new MailQueue(this, 'Events', {
            retentionPeriod: timing.retryRetention,
            visibilityTimeout: FORWARD_VISIBILITY,
            deadLetterQueue: { queue: this.undelivered, maxReceiveCount: FORWARD_TRIES[forwardsEvents] },
          })
        : this.forApplication('Events', timing);
    this.inbound = receives ? this.forApplication('Inbound', timing) : undefined;
  }

  /** A queue that the application reads. */
  private forApplication(id: string, timing: Timing): Queue {
    const queue = new MailQueue(this, id, { retentionPeriod: timing.retryRetention });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'The consumer belongs to the application, which decides what a bad message is and where it goes.',
    });
    return queue;
  }
}
