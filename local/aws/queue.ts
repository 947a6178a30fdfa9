// fauxqs exports its server only; the store is reached by path, at the exact version that package.json pins.
import { SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { ReceivedMessage, SqsMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import type { StackClock } from '../clock.ts';
import { ACCOUNT, REGION } from './names.ts';

export type { ReceivedMessage, SqsMessage };

/** How many messages came and went, since the queue was made. */
export interface Traffic {
  sent: number;
  received: number;
  deleted: number;
}

/** A queue whose delays, visibility and retention run in stack time. */
export class LocalQueue extends SqsQueue {
  readonly #clock: StackClock;
  /** As SQS counts them: what its redrive policy moves here was not sent. */
  readonly traffic: Traffic = { sent: 0, received: 0, deleted: 0 };
  readonly #lastHandle = new WeakMap<SqsMessage, string>();
  /** Queue that a message was in before SQS itself moved it to its dead-letter queue. */
  static readonly #origin = new WeakMap<SqsMessage, string>();

  constructor(
    name: string,
    url: string,
    arn: string,
    attributes: Record<string, string> | undefined,
    tags: Record<string, string> | undefined,
    clock: StackClock,
  ) {
    super(name, url, arn, attributes, tags);
    this.#clock = clock;
  }

  /** ARN of the queue that the redrive policy took the message from; undefined for one that was sent here. */
  static originOf(message: SqsMessage): string | undefined {
    return LocalQueue.#origin.get(message);
  }

  override enqueue(message: SqsMessage): void {
    this.traffic.sent += 1;
    if (message.delayUntil !== undefined) {
      message.delayUntil = message.sentTimestamp + (message.delayUntil - message.sentTimestamp) / this.#clock.scale;
    }
    super.enqueue(message);
  }

  override dequeue(
    maxCount: number,
    visibilitySeconds?: number,
    deadLetterQueue?: (arn: string) => SqsQueue | undefined,
  ): ReceivedMessage[] {
    const received = super.dequeue(maxCount, visibilitySeconds, (arn) => {
      const target = deadLetterQueue?.(arn);
      if (target === undefined) return undefined;
      const enqueue = (message: SqsMessage): void => {
        LocalQueue.#origin.set(message, this.arn);
        target.enqueue(message);
        if (target instanceof LocalQueue) target.traffic.sent -= 1;
      };
      return Object.create(target, { enqueue: { value: enqueue } }) as SqsQueue;
    });
    const now = Date.now();
    this.traffic.received += received.length;
    for (const { ReceiptHandle } of received) {
      const entry = this.inflightMessages.get(ReceiptHandle);
      if (entry === undefined) continue;
      entry.visibilityDeadline = now + (entry.visibilityDeadline - now) / this.#clock.scale;
      this.#lastHandle.set(entry.message, ReceiptHandle);
    }
    return received;
  }

  /**
   * Keeps received messages hidden for one more visibility timeout.
   *
   * Attempts take real time, so a sped-up visibility can end within an invocation, which its six-fold margin over the
   * function's time-out rules out on AWS.
   */
  hold(receiptHandles: readonly string[]): void {
    const deadline = Date.now() + this.visibilityMs;
    for (const handle of receiptHandles) {
      const entry = this.inflightMessages.get(handle);
      if (entry !== undefined) entry.visibilityDeadline = deadline;
    }
  }

  /** The visibility timeout in real milliseconds. */
  get visibilityMs(): number {
    return (Number(this.attributes['VisibilityTimeout']) * 1000) / this.#clock.scale;
  }

  override changeVisibility(receiptHandle: string, seconds: number): void {
    super.changeVisibility(receiptHandle, seconds / this.#clock.scale);
  }

  /** SQS takes the latest receipt handle even after its visibility timeout; fauxqs alone would let the message come back. */
  override deleteMessage(receiptHandle: string): boolean {
    if (super.deleteMessage(receiptHandle)) {
      this.traffic.deleted += 1;
      return true;
    }
    const index = this.messages.findIndex((message) => this.#lastHandle.get(message) === receiptHandle);
    if (index === -1) return false;
    this.messages.splice(index, 1);
    this.traffic.deleted += 1;
    return true;
  }

  override processTimers(): void {
    const seconds = Number(this.attributes['MessageRetentionPeriod']);
    const oldest = this.#clock.toReal(this.#clock.now() - seconds * 1000);
    const kept = (message: SqsMessage): boolean => message.sentTimestamp > oldest;
    if (!this.messages.every(kept)) this.messages = this.messages.filter(kept);
    if (!this.delayedMessages.every(kept)) this.delayedMessages = this.delayedMessages.filter(kept);
    super.processTimers();
  }

  /** When the oldest message that is not deleted was sent, in time of day; undefined if the queue is empty. */
  get oldestSent(): number | undefined {
    this.processTimers();
    const waiting = [...this.messages, ...this.delayedMessages];
    const inFlight = [...this.inflightMessages.values()].map(({ message }) => message);
    const times = [...waiting, ...inFlight].map(({ sentTimestamp }) => sentTimestamp);
    return times.length === 0 ? undefined : times.reduce((oldest, time) => Math.min(oldest, time));
  }

  /** Settles due timers first, so that counts are true for a queue that nobody receives from. */
  override getAttribute(name: Parameters<SqsQueue['getAttribute']>[0]): string | undefined {
    this.processTimers();
    return super.getAttribute(name);
  }
}

/** All queues of the stack; finds them by name whatever region a client signs for. */
export class LocalQueues extends SqsStore {
  readonly #clock: StackClock;
  /** Where this server listens, for queue URLs; set before the first queue is made. */
  origin = '';

  constructor(clock: StackClock) {
    super();
    this.#clock = clock;
    this.region = REGION;
  }

  override createQueue(
    name: string,
    url: string,
    arn: string,
    attributes?: Record<string, string>,
    tags?: Record<string, string>,
  ): LocalQueue {
    const queue = new LocalQueue(name, url, arn, attributes, tags, this.#clock);
    this['queues'].set(url, queue);
    this['queuesByName'].set(name, queue);
    this['queuesByArn'].set(arn, queue);
    return queue;
  }

  /** Makes a queue as CreateQueue would, for the resources of the template. */
  add(name: string, attributes: Record<string, string>): LocalQueue {
    return this.createQueue(name, this.buildQueueUrl(name), `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`, attributes);
  }

  override buildQueueUrl(name: string): string {
    return `${this.origin}/${ACCOUNT}/${name}`;
  }

  override getQueue(url: string): SqsQueue | undefined {
    return this.getQueueByName(url.split('/').at(-1) ?? '');
  }

  override getQueueByArn(arn: string): SqsQueue | undefined {
    return this.getQueueByName(arn.split(':').at(-1) ?? '');
  }
}
