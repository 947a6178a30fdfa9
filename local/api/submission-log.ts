import { createHash } from 'node:crypto';
import {
  CANARY_PREFIX,
  DEAD_LETTER_ATTRIBUTE,
  RETRY_ATTRIBUTE,
  SUBMISSION_ID,
} from '../../lambda/contract/dead-letter.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { createMessage, type S3Store, type SqsMessage } from '../aws/fauxqs.ts';
import type { LocalQueue } from '../aws/queue.ts';
import type { StackClock } from '../clock.ts';

/** A provider that was not tried. */
export interface LoggedSkip {
  readonly provider: string;
  /** Word of the circuit, or the limit of the provider that the message exceeds. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Number of the attempt at another provider that followed; absent if none did. */
  readonly before?: number;
}

/** A submission as the queues and the functions' log show it. */
export interface LoggedSubmission {
  readonly id: string;
  /** When the submission was first put on the outbound queue, in epoch milliseconds. */
  readonly at: number;
  readonly class?: string;
  readonly subject?: string;
  /** Addresses of To, Cc and Bcc, as the producer wrote them. */
  readonly recipients: readonly string[];
  /** Time at which the newest message on a retry queue is due, in epoch milliseconds. */
  readonly nextTryAt?: number;
  /** Attributes of its message on the dead-letter queue; empty for one that SQS itself moved there. */
  readonly deadLetter?: { readonly reason?: string; readonly detail?: string };
  readonly skips: readonly LoggedSkip[];
  /** The sender's log has an accepted attempt. The log may omit submissions that were accepted at their first attempt. */
  readonly isAccepted?: boolean;
  /** Providers of its attempts, if the sender's log has each of them and the last was accepted. */
  readonly providers?: readonly string[];
}

/** Ids of the submissions with a message on the outbound or a retry queue: `received` are those that a consumer has. */
export interface Queued {
  readonly all: ReadonlySet<string>;
  readonly received: ReadonlySet<string>;
}

interface Kept extends Omit<LoggedSubmission, 'nextTryAt' | 'skips' | 'providers'> {
  /** Time at which the message is due, in stack time, so that a change of the speed moves it. */
  dueAt?: number;
  deadLetter?: NonNullable<LoggedSubmission['deadLetter']>;
  isAccepted?: boolean;
  providers?: readonly string[];
  readonly skips: LoggedSkip[];
  /** Providers of the attempts in the log, by number. */
  readonly tried: Map<number, string>;
}

/** Largest number of submissions in memory, so that it does not grow with traffic. */
const MOST_KEPT = 20_000;
/** Largest number of skips in memory for one submission. */
const MOST_SKIPS = 100;

export interface SubmissionQueues {
  readonly outbound: LocalQueue;
  readonly retry: readonly LocalQueue[];
  readonly deadLetter: LocalQueue;
}

/**
 * Log of the submissions that producers sent, recorded as messages are put on the queues.
 *
 * The ledger has no class, recipients or subject, and no record of a submission that was never claimed.
 */
export class SubmissionLog {
  readonly #kept = new Map<string, Kept>();
  /** Ids that are logged as their hash. */
  readonly #hashed = new Map<string, string>();
  /** Id of the submission of a message, so that its body is parsed once. */
  readonly #ids = new WeakMap<SqsMessage, string>();
  readonly #queues: SubmissionQueues;
  readonly #buckets: S3Store;
  readonly #clock: StackClock;

  constructor(queues: SubmissionQueues, buckets: S3Store, clock: StackClock) {
    this.#queues = queues;
    this.#buckets = buckets;
    this.#clock = clock;
    watch(queues.outbound, (message) => this.#sent(message));
    for (const queue of queues.retry) watch(queue, (message) => this.#waits(message));
    watch(queues.deadLetter, (message) => this.#died(message));
  }

  get(id: string): LoggedSubmission | undefined {
    const kept = this.#kept.get(id);
    return kept && this.#shown(kept);
  }

  /** All that are kept, newest first; of those before the given one, if there is one. */
  *newestFirst(before?: string): Generator<LoggedSubmission> {
    const all = [...this.#kept.values()];
    const from = before === undefined ? all.length : all.findLastIndex(({ id }) => id === before);
    for (let place = from - 1; place >= 0; place -= 1) yield this.#shown(all[place] as Kept);
  }

  queued(): Queued {
    const queues = [this.#queues.outbound, ...this.#queues.retry];
    const ids = (messages: SqsMessage[]): string[] => messages.map((message) => this.#idOf(message));
    const received = ids(queues.flatMap((queue) => [...queue.inflightMessages.values()].map(({ message }) => message)));
    const waiting = ids(queues.flatMap(({ messages, delayedMessages }) => [...messages, ...delayedMessages]));
    return { all: new Set([...received, ...waiting]), received: new Set(received) };
  }

  /** Sends a dead letter to the outbound queue, as a redrive does; false if it is not on the dead-letter queue. */
  redrive(id: string): boolean {
    const letter = this.#queues.deadLetter.take((message) => this.#idOf(message) === id);
    if (letter) this.#queues.outbound.enqueue(createMessage(letter.body, letter.messageAttributes));
    return letter !== undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#hashed.clear();
  }

  /** Adds what one line of the sender's output says about attempts and skipped providers. */
  takeLine(line: string): void {
    if (!line.includes('"skipped"') && !line.includes('"attempt"')) return;
    const entry = parsed(line);
    const { submissionId, skipped, attempt, provider, timestamp, outcome } = entry;
    const one = typeof submissionId === 'string' ? this.#logged(submissionId) : undefined;
    if (one === undefined) return;
    const before = typeof attempt === 'number' ? attempt : undefined;
    if (before !== undefined && typeof provider === 'string') {
      one.tried.set(before, provider);
      if (outcome === 'accepted') one.isAccepted = true;
      // An attempt that a killed process left behind has no line.
      if (one.isAccepted && one.tried.size === before) one.providers = [...one.tried.values()];
    }
    if (typeof skipped !== 'string') return;
    // An attempt with several outcomes has a line for each of them.
    if (before !== undefined && one.skips.some((skip) => skip.before === before)) return;
    const at = Date.parse(String(timestamp)) || Date.now();
    for (const [provider, reason] of Object.entries(parsed(skipped)))
      one.skips.push({ provider, reason: String(reason), at, ...defined({ before }) });
    one.skips.splice(0, one.skips.length - MOST_SKIPS);
  }

  #shown({ dueAt, tried: _, ...kept }: Kept): LoggedSubmission {
    return { ...kept, ...(dueAt !== undefined && { nextTryAt: this.#clock.toReal(dueAt) }) };
  }

  /** Id of the submission of a message on any of the queues. */
  #idOf(message: SqsMessage): string {
    const known = this.#ids.get(message);
    if (known !== undefined) return known;
    const id = attribute(message, DEAD_LETTER_ATTRIBUTE.submissionId) ?? submissionIdOf(message, this.#buckets);
    this.#ids.set(message, id);
    return id;
  }

  #logged(id: string): Kept | undefined {
    return this.#kept.get(this.#hashed.get(id) ?? id);
  }

  #sent(message: SqsMessage): void {
    const redriven = this.#kept.get(attribute(message, DEAD_LETTER_ATTRIBUTE.submissionId) ?? '');
    if (redriven && attribute(message, DEAD_LETTER_ATTRIBUTE.reason) !== undefined) {
      delete redriven.deadLetter;
      return;
    }
    if (attribute(message, RETRY_ATTRIBUTE.submissionId)?.startsWith(CANARY_PREFIX)) return;
    const id = this.#idOf(message);
    const known = this.#kept.get(id);
    // Another mail with the same id is refused while the first one is not over.
    if (known && !known.deadLetter) return;
    this.#kept.delete(id);
    this.#kept.set(id, {
      ...contentOf(message, this.#buckets),
      id,
      at: message.sentTimestamp,
      skips: [],
      tried: new Map(),
    });
    if (id.includes('@')) this.#hashed.set(createHash('sha256').update(id).digest('base64url'), id);
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(oldest);
  }

  #waits(message: SqsMessage): void {
    const one = this.#kept.get(attribute(message, RETRY_ATTRIBUTE.submissionId) ?? '');
    const due = Date.parse(attribute(message, RETRY_ATTRIBUTE.notBefore) ?? '');
    if (one && !Number.isNaN(due)) one.dueAt = this.#clock.toStack(due);
  }

  #died(message: SqsMessage): void {
    const one = this.#kept.get(this.#idOf(message));
    const reason = attribute(message, DEAD_LETTER_ATTRIBUTE.reason);
    const detail = attribute(message, DEAD_LETTER_ATTRIBUTE.detail);
    // With IdConflict another mail with the same id has ended, and the submission goes on.
    if (one && reason !== 'IdConflict') one.deadLetter = defined({ reason, detail });
  }
}

function watch(queue: LocalQueue, note: (message: SqsMessage) => void): void {
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (message: SqsMessage): void => {
    enqueue(message);
    note(message);
  };
}

function submissionIdOf(message: SqsMessage, buckets: S3Store): string {
  const { id } = submissionIn(message, buckets);
  return typeof id === 'string' && SUBMISSION_ID.test(id) ? id : message.messageId;
}

function contentOf(message: SqsMessage, buckets: S3Store): Pick<LoggedSubmission, 'class' | 'subject' | 'recipients'> {
  const { class: kind, subject, to, cc, bcc } = submissionIn(message, buckets);
  const mailboxes: unknown[] = [to, cc, bcc].flatMap((list) => (Array.isArray(list) ? list : []));
  const addresses = mailboxes.map((one) => (typeof one === 'string' ? one : (Object(one).address as unknown)));
  return {
    ...(typeof kind === 'string' && { class: kind }),
    ...(typeof subject === 'string' && { subject }),
    recipients: [...new Set(addresses.filter((one) => typeof one === 'string'))],
  };
}

/** The submission in a body, or in the object that the body names; empty if it cannot be read. */
function submissionIn({ body }: SqsMessage, buckets: S3Store): Record<string, unknown> {
  const sent = parsed(body);
  const { bucket, key } = Object(sent['s3']) as Record<string, unknown>;
  if (typeof bucket !== 'string' || typeof key !== 'string') return sent;
  try {
    return parsed(String(buckets.getObject(bucket, key).body));
  } catch {
    return {};
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text.replace(/^\uFEFF/, ''))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function attribute({ messageAttributes }: SqsMessage, name: string): string | undefined {
  return messageAttributes[name]?.StringValue;
}
