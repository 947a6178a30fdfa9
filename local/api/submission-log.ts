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

/** A provider that the sender skipped when it looked for a provider for a mail. */
export interface LoggedSkip {
  readonly provider: string;
  /** Reason from the sender's log, such as the state of the provider's circuit breaker, or the limit that the message exceeds. */
  readonly reason: string;
  /** Time of the log line, in epoch milliseconds. */
  readonly at: number;
  /** Number of the attempt at another provider that followed; absent if no attempt followed. */
  readonly before?: number;
}

/** The data about a submission that come from the queues and from the sender's log. */
export interface LoggedSubmission {
  readonly id: string;
  /** Time at which the submission was first put on the outbound queue, in epoch milliseconds of real time. */
  readonly at: number;
  readonly class?: string;
  readonly subject?: string;
  /** The addresses in To, Cc and Bcc, as the producer wrote them. */
  readonly recipients: readonly string[];
  /**
   * Time from which a worker may process the submission's newest message on a retry queue, in epoch milliseconds of real time.
   */
  readonly nextTryAt?: number;
  /**
   * Attributes of the submission's message on the dead-letter queue; empty if a redrive policy of SQS moved the message there.
   */
  readonly deadLetter?: { readonly reason?: string; readonly detail?: string };
  readonly skips: readonly LoggedSkip[];
  /**
   * Whether the sender's log contains an accepted attempt of the submission. The sender may omit the log lines of submissions
   * that were accepted at the first attempt.
   */
  readonly isAccepted?: boolean;
  /**
   * Providers of the submission's attempts. Present only if the sender's log contains every attempt, and at least one attempt was
   * accepted.
   */
  readonly providers?: readonly string[];
}

/**
 * Ids of the submissions that have a message on the outbound queue or on a retry queue. `received` contains only the submissions
 * whose message a consumer has received and not yet deleted.
 */
export interface Queued {
  readonly all: ReadonlySet<string>;
  readonly received: ReadonlySet<string>;
}

interface Kept extends Omit<LoggedSubmission, 'nextTryAt' | 'skips' | 'providers'> {
  /**
   * Time from which a worker may process the message on the retry queue, in epoch milliseconds by the clock of the local stack. A
   * time of this clock remains correct when the time scale changes.
   */
  dueAt?: number;
  deadLetter?: NonNullable<LoggedSubmission['deadLetter']>;
  isAccepted?: boolean;
  providers?: readonly string[];
  readonly skips: LoggedSkip[];
  /** Provider of each attempt, by the number of the attempt in the sender's log. */
  readonly tried: Map<number, string>;
}

/** Largest number of submissions in memory. Without a limit the memory would grow with the traffic. */
const MOST_KEPT = 20_000;
/** Largest number of skipped providers in memory for one submission. */
const MOST_SKIPS = 100;

export interface SubmissionQueues {
  readonly outbound: LocalQueue;
  readonly retry: readonly LocalQueue[];
  readonly deadLetter: LocalQueue;
}

/**
 * Log of the submissions that producers sent. A submission is recorded when its message is put on the outbound queue.
 *
 * The log is needed because the ledger contains no class of mail, no recipients and no subject. Also, the ledger has no record of
 * a submission that no worker has claimed.
 */
export class SubmissionLog {
  readonly #kept = new Map<string, Kept>();
  /** Submission ids that contain an `@`, by their hash. The sender logs this hash instead of the id. */
  readonly #hashed = new Map<string, string>();
  /** Submission id of each message. It is stored so that the body of a message is parsed only once. */
  readonly #ids = new WeakMap<SqsMessage, string>();
  readonly #queues: SubmissionQueues;
  readonly #buckets: S3Store;
  readonly #clock: StackClock;

  constructor(queues: SubmissionQueues, buckets: S3Store, clock: StackClock) {
    this.#queues = queues;
    this.#buckets = buckets;
    this.#clock = clock;
    queues.outbound.onEnqueue((message) => this.#sent(message));
    for (const queue of queues.retry) queue.onEnqueue((message) => this.#retryQueued(message));
    queues.deadLetter.onEnqueue((message) => this.#deadLettered(message));
  }

  get(id: string): LoggedSubmission | undefined {
    const kept = this.#kept.get(id);
    return kept && this.#shown(kept);
  }

  /**
   * Yields the submissions in memory, the newest submission first. With `before`, yields only the submissions that are older than
   * the submission with this id.
   */
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

  /**
   * Moves the dead letter of a submission to the outbound queue, as a redrive does. Returns false if the dead-letter queue has no
   * visible message of this submission.
   */
  redrive(id: string): boolean {
    const letter = this.#queues.deadLetter.take((message) => this.#idOf(message) === id);
    if (letter) this.#queues.outbound.enqueue(createMessage(letter.body, letter.messageAttributes));
    return letter !== undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#hashed.clear();
  }

  /** Records the attempt and the skipped providers in a line of the sender's output. Ignores any other line. */
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
      // If a process was killed during an attempt, the log has no line for this attempt. Therefore the list of providers is set
      // only if every attempt has a line.
      if (one.isAccepted && one.tried.size === before) one.providers = [...one.tried.values()];
    }
    if (typeof skipped !== 'string') return;
    // The log has one line for each outcome of an attempt. The skipped providers are read only from the first of these lines.
    if (before !== undefined && one.skips.some((skip) => skip.before === before)) return;
    const at = Date.parse(String(timestamp)) || Date.now();
    for (const [provider, reason] of Object.entries(parsed(skipped)))
      one.skips.push({ provider, reason: String(reason), at, ...defined({ before }) });
    one.skips.splice(0, one.skips.length - MOST_SKIPS);
  }

  #shown({ dueAt, tried: _, ...kept }: Kept): LoggedSubmission {
    return { ...kept, ...defined({ nextTryAt: dueAt === undefined ? undefined : this.#clock.toReal(dueAt) }) };
  }

  /** Returns the submission id of a message on one of the sender's queues. */
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
    // The sender does not send a further mail with the same id, unless the submission with this id has become a dead letter.
    // Therefore the log ignores such a mail.
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

  #retryQueued(message: SqsMessage): void {
    const one = this.#kept.get(attribute(message, RETRY_ATTRIBUTE.submissionId) ?? '');
    const due = Date.parse(attribute(message, RETRY_ATTRIBUTE.notBefore) ?? '');
    if (one && !Number.isNaN(due)) one.dueAt = this.#clock.toStack(due);
  }

  #deadLettered(message: SqsMessage): void {
    const one = this.#kept.get(this.#idOf(message));
    const reason = attribute(message, DEAD_LETTER_ATTRIBUTE.reason);
    const detail = attribute(message, DEAD_LETTER_ATTRIBUTE.detail);
    // If the reason is IdConflict, the dead letter is another mail with the same id. The recorded submission continues.
    if (one && reason !== 'IdConflict') one.deadLetter = defined({ reason, detail });
  }
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
    ...defined({
      class: typeof kind === 'string' ? kind : undefined,
      subject: typeof subject === 'string' ? subject : undefined,
    }),
    recipients: [...new Set(addresses.filter((one) => typeof one === 'string'))],
  };
}

/**
 * Returns the submission in a message body, or in the S3 object to which the body refers. Returns an empty object if the
 * submission cannot be read.
 */
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
