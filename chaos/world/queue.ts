import type { Faults } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { Timeline } from './timeline.ts';

/** One message in SQS. A duplicate of the message is another object with the same `id`. */
export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** `MessageGroupId` of the message, if it has one. */
  readonly group?: string | undefined;
  /**
   * Number of invocations in the chain of invocations and messages that led to this message. Lambda counts this number in the trace
   * header.
   */
  readonly invocations: number;
  /**
   * Time at which the message was sent, in epoch milliseconds. The time does not change when SQS itself moves the message to the
   * dead-letter queue.
   */
  readonly sentAt: number;
  receives: number;
  firstReceivedAt?: number;
  /** Receipt handle. Each receive increments this number, and a deletion must name the current number. */
  receipt: number;
  gone: boolean;
}

export interface QueueOptions {
  readonly name: string;
  readonly retentionMs: number;
  readonly visibilityMs: number;
  readonly maxBytes: number;
  /** Queue to which SQS moves messages that were received too often. */
  readonly redrive?: { readonly maxReceiveCount: number; readonly to: SimulatedQueue };
}

/** Observer of a queue. */
export interface QueueWatcher {
  /** A message was added to the queue, by a send or a redrive. */
  added(queue: string, message: Pick<QueueMessage, 'id' | 'body' | 'attributes' | 'sentAt' | 'group'>): void;
  /** The queue deleted a message because its retention period has ended. */
  lost(queue: string, message: QueueMessage): void;
  /** SQS is about to move a message that was received too often to the dead-letter queue. */
  moved(queue: string, message: QueueMessage): void;
}

/** Largest number of attributes that SQS allows on a message. */
const MAX_ATTRIBUTES = 10;
/**
 * A message group may count as noisy if it has at least this number of messages in flight and also a large share of all messages in
 * flight (SQS developer guide, fair queues, 2026-11-28).
 */
const NOISY_IN_FLIGHT = 30;
const NOISY_SHARE = 0.1;

interface Shown {
  readonly message: QueueMessage;
  readonly order: number;
}

/** Messages of one message group in their order. The messages before the index `head` have been received. */
interface GroupQueue {
  messages: Shown[];
  head: number;
}

/** Delivery is only nearly in order: each receive takes one of this number of oldest messages, at random. */
const DISORDER = 8;

/**
 * A simulated standard queue of SQS: delivery at least once and nearly in order, delay, visibility time-out, retention, redrive,
 * fair queues.
 */
export class SimulatedQueue {
  readonly options: QueueOptions;
  /** Called when a message may have become ready to be received. */
  onReady: () => void = () => undefined;
  /**
   * Messages that can be received now, by message group. All messages without a group are in one list, since none of these messages
   * counts as noisy.
   */
  private readonly ready = new Map<string | undefined, GroupQueue>();
  private shown = 0;
  private readonly inFlight = new Map<string | undefined, number>();
  /** Number of messages on the queue: ready, delayed or in flight. */
  size = 0;
  private readonly timeline: Timeline;
  private readonly faults: Faults;
  private readonly random: Random;
  private readonly watcher: QueueWatcher;
  private count = 0;

  constructor(options: QueueOptions, timeline: Timeline, faults: Faults, random: Random, watcher: QueueWatcher) {
    this.options = options;
    this.timeline = timeline;
    this.faults = faults;
    this.random = random;
    this.watcher = watcher;
  }

  get readyCount(): number {
    let count = 0;
    for (const { messages, head } of this.ready.values()) count += messages.length - head;
    return count;
  }

  /**
   * Puts a message on the queue and returns the id of the message.
   *
   * @throws Error if SQS refuses the message; the error has the same name as in the SDK
   */
  send(
    body: string,
    attributes: Readonly<Record<string, string>>,
    delaySeconds = 0,
    { invocations = 0, group }: { readonly invocations?: number; readonly group?: string | undefined } = {},
  ): string {
    this.check(body, attributes, delaySeconds);
    this.count += 1;
    const id = `${this.options.name}-${this.count}`;
    const copies = this.faults.applies('sqs-duplicates', this.random) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      // Half of the duplicates are delivered at the same time as the message, the other half up to ten minutes later.
      const lateMs = copy > 0 && this.random.chance(0.5) ? this.random.scaled(10, 600_000) : 0;
      this.add({ id, body, attributes, invocations, group, sentAt: this.timeline.now }, delaySeconds * 1_000 + lateMs);
    }
    return id;
  }

  private add(message: Omit<QueueMessage, 'receives' | 'firstReceivedAt' | 'receipt' | 'gone'>, delayMs: number): void {
    this.size += 1;
    this.watcher.added(this.options.name, message);
    const held = { ...message, receives: 0, receipt: 0, gone: false };
    if (delayMs <= 0) this.show(held);
    else this.timeline.after(delayMs, () => this.show(held));
  }

  private show(message: QueueMessage): void {
    const queue = this.ready.get(message.group) ?? { messages: [], head: 0 };
    this.ready.set(message.group, queue);
    this.shown += 1;
    queue.messages.push({ message, order: this.shown });
    this.onReady();
  }

  /** Receives at most `max` messages, and hides each of them until its visibility time-out ends. */
  receive(max: number): QueueMessage[] {
    const batch: QueueMessage[] = [];
    while (batch.length < max && this.readyCount > 0) {
      const message = this.take();
      if (this.timeline.now - message.sentAt > this.options.retentionMs) {
        this.drop(message);
        this.watcher.lost(this.options.name, message);
        continue;
      }
      const { redrive } = this.options;
      if (redrive && message.receives >= redrive.maxReceiveCount) {
        this.drop(message);
        this.watcher.moved(this.options.name, message);
        redrive.to.add(message, 0);
        continue;
      }
      message.receives += 1;
      this.inFlight.set(message.group, (this.inFlight.get(message.group) ?? 0) + 1);
      message.firstReceivedAt ??= this.timeline.now;
      message.receipt += 1;
      const { receipt } = message;
      this.timeline.after(this.options.visibilityMs, () => {
        if (message.gone || message.receipt !== receipt) return;
        this.leaveFlight(message);
        this.show(message);
      });
      batch.push(message);
    }
    return batch;
  }

  /** Removes and returns all messages that can be received now, as a redrive does. */
  drain(): QueueMessage[] {
    const all = [...this.ready.values()].flatMap(({ messages, head }) =>
      messages.slice(head).map(({ message }) => message),
    );
    this.ready.clear();
    for (const message of all) this.drop(message);
    return all;
  }

  delete(message: QueueMessage, receipt: number): void {
    if (message.gone || message.receipt !== receipt) return;
    // In reality an SQS server that is down at this moment misses the deletion, so SQS delivers the message again.
    if (this.faults.applies('sqs-duplicates', this.random)) return;
    this.leaveFlight(message);
    this.drop(message);
  }

  private drop(message: QueueMessage): void {
    message.gone = true;
    this.size -= 1;
  }

  private leaveFlight({ group }: QueueMessage): void {
    this.inFlight.set(group, (this.inFlight.get(group) ?? 1) - 1);
  }

  /**
   * Removes and returns the next message, nearly in order, from the groups that are not noisy. If all groups are noisy, takes the
   * message from the least noisy group.
   */
  private take(): QueueMessage {
    const queue = this.next();
    const { messages, head } = queue;
    const ahead = head + this.random.int(Math.min(DISORDER, messages.length - head));
    const taken = messages[ahead] as Shown;
    messages[ahead] = messages[head] as Shown;
    queue.head += 1;
    if (queue.head === messages.length) this.ready.delete(taken.message.group);
    else if (queue.head > 1_024 && queue.head * 2 > messages.length) {
      queue.messages = messages.slice(queue.head);
      queue.head = 0;
    }
    return taken.message;
  }

  private next(): GroupQueue {
    const queues = [...this.ready];
    const only = queues[0] as (typeof queues)[number];
    if (queues.length === 1) return only[1];
    const all = [...this.inFlight.values()].reduce((sum, count) => sum + count, 0);
    const inFlightOf = (group: string | undefined) => this.inFlight.get(group) ?? 0;
    const noisiness = (group: string | undefined) =>
      group !== undefined && inFlightOf(group) >= NOISY_IN_FLIGHT && inFlightOf(group) > NOISY_SHARE * all
        ? inFlightOf(group)
        : 0;
    const orderOf = ({ messages, head }: GroupQueue) => messages[head]?.order ?? Infinity;
    return queues.reduce((best, one) => {
      const difference = noisiness(one[0]) - noisiness(best[0]);
      return difference < 0 || (difference === 0 && orderOf(one[1]) < orderOf(best[1])) ? one : best;
    }, only)[1];
  }

  private check(body: string, attributes: Readonly<Record<string, string>>, delaySeconds: number): void {
    const entries = Object.entries(attributes);
    const bytes = entries.reduce(
      (sum, [name, value]) => sum + Buffer.byteLength(name) + 'String'.length + Buffer.byteLength(value),
      Buffer.byteLength(body),
    );
    if (bytes > this.options.maxBytes || body === '') throw named('InvalidParameterValue');
    if (entries.length > MAX_ATTRIBUTES || entries.some(([, value]) => value === ''))
      throw named('InvalidParameterValue');
    if (!(delaySeconds >= 0 && delaySeconds <= 900)) throw named('InvalidParameterValue');
  }
}

function named(name: string): Error {
  return Object.assign(new Error('refused by the simulated service'), { name });
}
