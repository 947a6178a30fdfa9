import type { StackClock } from '../clock.ts';
import { ACCOUNT, REGION } from '../template/names.ts';
import { fairOrder } from './fair-share.ts';
import { type ReceivedMessage, type SqsMessage, type SqsQueue, SqsQueueBase, SqsStoreBase } from './fauxqs.ts';
import { sentWith } from './sent-fields.ts';

/** Largest number of messages that SQS returns for one ReceiveMessage. */
export const RECEIVE_LIMIT = 10;

/** Interval after which the recorded times in flight are halved, in milliseconds by the clock of the local stack. */
const BUSY_HALVES_MS = 60_000;

/** Numbers of messages that were sent, received and deleted since the queue was created, counted as in SQS's metrics. */
export interface Traffic {
  sent: number;
  received: number;
  deleted: number;
}

/**
 * A queue whose delays, visibility time-outs and retention period are measured by the clock of the local stack, which may run
 * faster than real time.
 */
export class LocalQueue extends SqsQueueBase {
  readonly #clock: StackClock;
  /** A message that a redrive policy moved to this queue does not count as sent. */
  readonly traffic: Traffic = { sent: 0, received: 0, deleted: 0 };
  readonly #lastHandle = new WeakMap<SqsMessage, string>();
  readonly #receivedAt = new WeakMap<SqsMessage, number>();
  /**
   * Milliseconds for which deleted messages were in flight before their deletion, by message group and in total. Both are halved
   * at intervals, so recently deleted messages have the greatest weight.
   */
  readonly #busy = { byGroup: new Map<string, number>(), all: 0, halvedAt: Date.now() };
  /**
   * Number of messages at the head of the queue that are known to have the same message group. It is stored, so that the next
   * receive need not check these messages again.
   */
  #uniform = 0;
  readonly #listeners: ((message: SqsMessage) => void)[] = [];
  /** ARN of the queue from which a redrive policy moved a message to a dead-letter queue, by message. */
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

  /** Returns the ARN of the queue from which a redrive policy moved the message. Returns undefined for any other message. */
  static originOf(message: SqsMessage): string | undefined {
    return LocalQueue.#origin.get(message);
  }

  override enqueue(message: SqsMessage): void {
    this.traffic.sent += 1;
    const { groupId } = sentWith(message);
    if (groupId !== undefined) message.messageGroupId = groupId;
    if (message.delayUntil !== undefined) {
      message.delayUntil = message.sentTimestamp + (message.delayUntil - message.sentTimestamp) / this.#clock.scale;
    }
    super.enqueue(message);
    for (const listener of this.#listeners) listener(message);
  }

  /** Registers a listener, which is called after each message that is put on the queue. */
  onEnqueue(listener: (message: SqsMessage) => void): void {
    this.#listeners.push(listener);
  }

  override dequeue(
    maxCount: number,
    visibilitySeconds?: number,
    deadLetterQueue?: (arn: string) => SqsQueue | undefined,
  ): ReceivedMessage[] {
    this.processTimers();
    const orderChanged = this.#putQuietFirst(Math.min(maxCount, RECEIVE_LIMIT));
    const before = this.messages.length;
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
    this.#uniform = orderChanged ? 0 : Math.max(0, this.#uniform - (before - this.messages.length));
    const now = Date.now();
    this.traffic.received += received.length;
    for (const { ReceiptHandle } of received) {
      const entry = this.inflightMessages.get(ReceiptHandle);
      if (entry === undefined) continue;
      entry.visibilityDeadline = now + (entry.visibilityDeadline - now) / this.#clock.scale;
      this.#lastHandle.set(entry.message, ReceiptHandle);
      this.#receivedAt.set(entry.message, now);
    }
    return received;
  }

  /**
   * Starts the visibility time-out of received messages again, in its full length.
   *
   * Attempts to send mail take real time, but the visibility time-out is divided by the time scale. Therefore the visibility
   * time-out could end during an invocation. On AWS this cannot happen, since the visibility time-out is six times as long as the
   * function's time-out.
   */
  hold(receiptHandles: readonly string[]): void {
    const deadline = Date.now() + this.visibilityMs;
    for (const handle of receiptHandles) {
      const entry = this.inflightMessages.get(handle);
      if (entry !== undefined) entry.visibilityDeadline = deadline;
    }
  }

  /**
   * Divides all remaining delays and visibility time-outs by `factor`. Called when the clock of the local stack starts to run
   * `factor` times as fast as before.
   */
  rescale(factor: number): void {
    const now = Date.now();
    const moved = (time: number) => now + (time - now) / factor;
    for (const message of this.delayedMessages)
      if (message.delayUntil !== undefined) message.delayUntil = moved(message.delayUntil);
    for (const entry of this.inflightMessages.values()) entry.visibilityDeadline = moved(entry.visibilityDeadline);
  }

  /** The visibility time-out of the queue in milliseconds of real time. */
  get visibilityMs(): number {
    return (Number(this.attributes['VisibilityTimeout']) * 1000) / this.#clock.scale;
  }

  override changeVisibility(receiptHandle: string, seconds: number): void {
    super.changeVisibility(receiptHandle, seconds / this.#clock.scale);
  }

  /** Deletes a message by its latest receipt handle, even after the visibility time-out. SQS allows this, but fauxqs does not. */
  override deleteMessage(receiptHandle: string): boolean {
    const entry = this.inflightMessages.get(receiptHandle);
    if (entry) this.#noteBusy(entry.message);
    if (super.deleteMessage(receiptHandle)) {
      this.traffic.deleted += 1;
      return true;
    }
    const index = this.messages.findIndex((message) => this.#lastHandle.get(message) === receiptHandle);
    if (index === -1) return false;
    this.messages.splice(index, 1);
    this.#uniform = 0;
    this.traffic.deleted += 1;
    return true;
  }

  /** Removes and returns the first visible message for which `isWanted` is true; undefined if there is no such message. */
  take(isWanted: (message: SqsMessage) => boolean): SqsMessage | undefined {
    this.processTimers();
    const index = this.messages.findIndex(isWanted);
    if (index === -1) return undefined;
    this.#uniform = 0;
    return this.messages.splice(index, 1)[0];
  }

  /** Deletes all messages that are not in flight. */
  dropWaiting(): void {
    this.messages = [];
    this.delayedMessages = [];
    this.#uniform = 0;
  }

  override purge(): void {
    super.purge();
    this.#uniform = 0;
  }

  override processTimers(): void {
    const seconds = Number(this.attributes['MessageRetentionPeriod']);
    const oldest = this.#clock.toReal(this.#clock.now() - seconds * 1000);
    const kept = (message: SqsMessage): boolean => message.sentTimestamp > oldest;
    if (!this.messages.every(kept)) {
      this.messages = this.messages.filter(kept);
      this.#uniform = 0;
    }
    if (!this.delayedMessages.every(kept)) this.delayedMessages = this.delayedMessages.filter(kept);
    super.processTimers();
  }

  /** Moves the next messages to deliver, at most `most`, to the head of the queue. Returns whether the order changed. */
  #putQuietFirst(most: number): boolean {
    const { messages } = this;
    const groupAt = (place: number) => messages[place]?.messageGroupId;
    const head = groupAt(0);
    while (head !== undefined && this.#uniform < messages.length && groupAt(this.#uniform) === head) this.#uniform += 1;
    if (messages.length <= most || this.#uniform >= messages.length) return false;
    const inFlight = new Map<string, number>();
    for (const { message } of this.inflightMessages.values())
      if (message.messageGroupId !== undefined)
        inFlight.set(message.messageGroupId, (inFlight.get(message.messageGroupId) ?? 0) + 1);
    const chosen = fairOrder(
      messages.map(({ messageGroupId }) => messageGroupId),
      most,
      {
        inFlight,
        allInFlight: this.inflightMessages.size,
        busyMs: this.#busy.byGroup,
        allBusyMs: this.#busy.all,
      },
    );
    if (chosen.every((place, index) => place === index)) return false;
    const isChosen = new Set(chosen);
    this.messages = [
      ...chosen.map((place) => messages[place] as SqsMessage),
      ...messages.filter((_, place) => !isChosen.has(place)),
    ];
    return true;
  }

  #noteBusy(message: SqsMessage): void {
    const busy = this.#busy;
    const now = Date.now();
    if (now - busy.halvedAt > BUSY_HALVES_MS / this.#clock.scale) {
      busy.halvedAt = now;
      busy.all /= 2;
      for (const [group, ms] of busy.byGroup) busy.byGroup.set(group, ms / 2);
    }
    const ms = now - (this.#receivedAt.get(message) ?? now);
    busy.all += ms;
    if (message.messageGroupId !== undefined)
      busy.byGroup.set(message.messageGroupId, (busy.byGroup.get(message.messageGroupId) ?? 0) + ms);
  }

  /** Real time at which the oldest message of the queue was sent, in epoch milliseconds; undefined if the queue is empty. */
  get oldestSent(): number | undefined {
    this.processTimers();
    const waiting = [...this.messages, ...this.delayedMessages];
    const inFlight = [...this.inflightMessages.values()].map(({ message }) => message);
    const times = [...waiting, ...inFlight].map(({ sentTimestamp }) => sentTimestamp);
    return times.length === 0 ? undefined : times.reduce((oldest, time) => Math.min(oldest, time));
  }

  /** First processes ended delays and time-outs. Otherwise the counts of a queue without a consumer would be out of date. */
  override getAttribute(name: Parameters<SqsQueue['getAttribute']>[0]): string | undefined {
    this.processTimers();
    return super.getAttribute(name);
  }
}

/** All queues of the local stack. A queue is found by name alone: the region in the signature of a request has no effect. */
export class LocalQueues extends SqsStoreBase {
  readonly #clock: StackClock;
  /** Scheme, host and port of this server. Queue URLs begin with this text. It is set before the first queue is created. */
  origin = '';

  constructor(clock: StackClock) {
    super();
    this.#clock = clock;
    this.region = REGION;
    let before = clock.scale;
    clock.onChange((scale) => {
      for (const queue of this.allQueues()) if (queue instanceof LocalQueue) queue.rescale(scale / before);
      before = scale;
    });
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

  /** Creates a queue of the template, as the operation CreateQueue does. */
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
