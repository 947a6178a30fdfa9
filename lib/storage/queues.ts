import { Queue, QueueEncryption, QueuePolicy, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Timing } from '../configuration/timing.ts';
import { encryptionKey } from './encryption.ts';

/** Largest message that SQS accepts (docs.aws.amazon.com/AWSSimpleQueueService, quotas-messages, 2026-11-23). */
const MAX_MESSAGE_BYTES = 1_048_576;

/**
 * Bytes that are reserved for the attributes of retries and dead letters. The size of an SQS message includes its attributes, and
 * a message of the outbound queue must still fit on a retry queue or the dead-letter queue when the attributes are added.
 */
const ATTRIBUTES_BYTES = 16_384;

/**
 * Visibility time-out of the events queue if the stack forwards the events to a bus or a URL. It is six times the time-out of the
 * function that posts events.
 */
const FORWARD_VISIBILITY = Duration.seconds(180);

/**
 * Largest receive count of an event on the events queue. For the event bus the count is reached after two days: an event is
 * received again after each visibility time-out. For posts to a URL it is reached after about three days, since the wait between
 * two posts grows from 5 s to an hour.
 */
const FORWARD_TRIES = { bus: 960, url: 80 };

/**
 * A queue that is encrypted, accepts only requests with TLS, and is retained when it is removed from the template or when the
 * stack is deleted. If the deployment that creates the queue fails, the queue is deleted; it is then still empty.
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
  /** Keys of the sending providers. Each of these providers gets a retry queue. */
  readonly keys: readonly string[];
  readonly timing: Timing;
  /** Whether at least one provider receives mail. */
  readonly receives: boolean;
  /**
   * Destination to which the stack itself forwards the messages of the events queue; undefined if the stack does not forward
   * them.
   */
  readonly forwardsEvents: keyof typeof FORWARD_TRIES | undefined;
}

/** First part of the construct ids of the retry queues. The names of these queues in SQS contain this text. */
export const RETRY_QUEUE = 'Retry';

/** The queues of a deployment, except the queues between SES and the functions, which `SesEvents` and `SesReceiving` create. */
export class Queues extends Construct {
  readonly outbound: Queue;
  readonly deadLetter: Queue;
  readonly events: Queue;
  /** Queue of the events that the event bus or the URL did not accept; undefined if neither a bus nor a URL is configured. */
  readonly undelivered: Queue | undefined;
  /** Queue of received mail, which the application reads; undefined if no provider receives mail. */
  readonly inbound: Queue | undefined;
  /** Retry queues by provider key. */
  readonly retry: ReadonlyMap<string, Queue>;

  constructor(scope: Construct, id: string, { keys, timing, receives, forwardsEvents }: QueuesProps) {
    super(scope, id);
    this.deadLetter = new MailQueue(this, 'DeadLetter', {
      retentionPeriod: timing.deadLetterRetention,
      visibilityTimeout: timing.visibilityTimeout,
      // A redrive allow policy that names its source queues can name at most ten of them, and would cause a dependency cycle in
      // the template. With the value "allow all", only queues of the same account and region can use this dead-letter queue.
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

  /** Creates a queue that the application reads. */
  private forApplication(id: string, timing: Timing): Queue {
    const queue = new MailQueue(this, id, { retentionPeriod: timing.retryRetention });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'The consumer belongs to the application, which decides what a bad message is and where it goes.',
    });
    return queue;
  }
}
