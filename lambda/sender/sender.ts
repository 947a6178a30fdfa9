import type { SQSRecord } from 'aws-lambda';
import { type Problem, RETRY_ATTRIBUTE } from '../contract/dead-letter.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Objects } from '../platform/objects.ts';
import { MAX_DELAY_SECONDS, type Queue } from '../platform/queue.ts';
import { TimeUpError, within } from '../platform/within.ts';
import type { Registry } from '../providers/pool.ts';
import { factsOf } from './ability.ts';
import { backoff } from './backoff.ts';
import type { CallProvider } from './call.ts';
import { deliver, SETTLE_MS, type Suppressed } from './deliver.ts';
import { suppressedEvent } from './event.ts';
import { type Intake, intake, isHeavy } from './intake.ts';
import { deadLetterAttributes, type Letter, readLetter, retryAttributes } from './letters.ts';
import { policyOf } from './policy.ts';
import { begin, carry, type Progress, reopen } from './progress.ts';
import { route, uncarried } from './route.ts';
import { overdue, settle, timeLeft } from './settle.ts';
import { sharesAt } from './warm-up.ts';

/** Everything the sender touches outside itself. */
export interface SenderContext {
  readonly environment: SenderEnvironment;
  readonly definitions: Registry['definitions'];
  readonly call: CallProvider;
  readonly queue: Queue;
  readonly objects: Objects;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Takes one record the whole way. Resolves when the message has its next home and may be deleted;
 * rejects when it must stay on its queue.
 */
export type Sender = (record: SQSRecord, remainingMs: () => number) => Promise<void>;

export function createSender(context: SenderContext): Sender {
  let heavy: Promise<unknown> = Promise.resolve();
  return (record, remainingMs) => {
    if (!isHeavy(record.body)) return handle(record, remainingMs, context);
    const turn = heavy.then(() => handle(record, remainingMs, context));
    heavy = turn.catch(() => undefined);
    return turn;
  };
}

async function handle(record: SQSRecord, remainingMs: () => number, context: SenderContext): Promise<void> {
  const letter = readLetter(record);
  const mail = new Mail(record, letter, { ...context, queue: untilAnswered(context.queue, remainingMs) });
  try {
    if (letter.notBefore !== undefined && letter.notBefore - context.now() > EARLY_MS)
      return await mail.retryAt(letter.notBefore);
    const arrived = await within(
      remainingMs() - SETTLE_MS,
      intake(record.body, letter.submissionId, context.objects, mail.keys, context.now()),
    ).catch((error: unknown): Intake => {
      if (error instanceof TimeUpError) return { kind: 'trouble', error };
      throw error;
    });
    if (arrived.kind !== 'ready') return await mail.setAside(arrived);
    await mail.send(arrived, remainingMs);
  } catch (error) {
    if (!mail.isLastReceive || error instanceof NewerVersionError) throw error;
    await mail.bury({
      reason: 'Crashed',
      detail: `the sender failed ${context.environment.maxReceiveCount} times, last with ${nameOf(error)}`,
    });
  }
}

/**
 * Work that outlives its invocation wakes up in the next one, when SQS has its message back: by then it may change nothing.
 */
function untilAnswered(queue: Queue, remainingMs: () => number): Queue {
  return {
    send: async (...message) => {
      if (remainingMs() <= 0) throw new TimeUpError('the invocation is over');
      await queue.send(...message);
    },
  };
}

/** A retry that comes this much early is sent all the same: clocks and queues are not exact. */
const EARLY_MS = 1_000;

/** The body is of a version that this release does not know; it stays where a newer deployment finds it. */
class NewerVersionError extends Error {
  override readonly name = 'NewerVersionError';
}

/** One submission on its way, and the homes it can be given. */
class Mail {
  readonly keys: ReadonlySet<string>;
  readonly isLastReceive: boolean;
  private readonly record: SQSRecord;
  private readonly context: SenderContext;
  private readonly scale: number;
  private letter: Letter;

  constructor(record: SQSRecord, letter: Letter, context: SenderContext) {
    this.record = record;
    this.letter = letter;
    this.context = context;
    this.scale = context.environment.timeScale ?? 1;
    this.keys = new Set(context.environment.providers.map(({ key }) => key));
    this.isLastReceive = Number(record.attributes.ApproximateReceiveCount) >= context.environment.maxReceiveCount;
  }

  /** Since the submission was first received, in milliseconds of stack time. */
  private get ageMs(): number {
    return this.since(this.letter.firstSeen);
  }

  /** From a moment until now, in milliseconds of stack time. */
  private since(moment: number): number {
    return Math.max(0, (this.context.now() - moment) * this.scale);
  }

  async setAside(arrived: Exclude<Intake, { kind: 'ready' }>): Promise<void> {
    if ('id' in arrived && arrived.id !== undefined) this.letter = { ...this.letter, submissionId: arrived.id };
    switch (arrived.kind) {
      case 'problem':
        return this.bury(arrived.problem);
      case 'future':
        if (!this.isLastReceive) throw new NewerVersionError(`version ${arrived.version} is newer than this release`);
        return this.bury({
          reason: 'Malformed',
          detail: `version: ${arrived.version}, which no deployed release could read; it must be 1`,
        });
      case 'trouble': {
        this.context.log.warn('object not readable', {
          queueMessageId: this.record.messageId,
          error: nameOf(arrived.error),
        });
        if (timeLeft(this.ageMs, undefined) <= 0)
          return this.bury({ reason: 'Exhausted', detail: 'an object could not be read for four days' });
        return this.retryAfter(backoff(this.ageMs, this.context.random()));
      }
    }
  }

  async send({ submission, message }: Extract<Intake, { kind: 'ready' }>, remainingMs: () => number): Promise<void> {
    const { context } = this;
    this.letter = { ...this.letter, submissionId: message.id };
    const { preference, onUnknown, expiresInMs } = policyOf(submission, context.environment.routes ?? [], {
      now: context.now(),
      ageMs: this.since(this.letter.born),
    });
    const late = timeLeft(this.ageMs, expiresInMs) <= 0 && overdue(expiresInMs);
    if (late && late.kind === 'dead-letter') return this.bury(late);

    const start = begin(
      [...message.to, ...message.cc, ...message.bcc].map(({ address }) => address),
      this.letter.carried,
      onUnknown,
    );
    const mime = await composeMime(message);
    // Another provider must not wait behind a second silence of one that lost an answer already.
    const lost = start.recipients.flatMap((one) => one.unknownAt);
    const way = route(
      message.id,
      sharesAt(context.environment.providers, this.letter.firstSeen),
      context.definitions,
      factsOf(message, mime.length, submission.class),
      preference,
      lost,
    );
    if (way.order.length === 0) return this.bury(uncarried(way));

    const round = await deliver(message, () => Promise.resolve(mime), way.order, start, onUnknown, {
      ...context,
      remainingMs,
    });
    const untold = await this.tell(message, round.suppressed);
    const progress = reopen(round.progress, untold);
    this.letter = { ...this.letter, carried: carry(progress) };
    await this.close(progress, { expiresInMs, retryAfterMs: round.retryAfterMs, waitFor: way.order[0]?.key });
  }

  /** Puts an event for each suppressed recipient; returns those whose event found no place, for a later round. */
  private async tell(message: Message, suppressed: readonly Suppressed[]): Promise<ReadonlySet<string>> {
    const { queue, environment, now, log } = this.context;
    const untold = new Set<string>();
    // Side by side: what is kept free for settling has room for one call, however many recipients there are.
    await Promise.all(
      suppressed.map((one) =>
        queue.send(environment.eventsQueueUrl, suppressedEvent(message, one, now())).catch((error: unknown) => {
          log.warn('event not queued', { queueMessageId: this.record.messageId, error: nameOf(error) });
          untold.add(one.address);
        }),
      ),
    );
    return untold;
  }

  private async close(
    progress: Progress,
    {
      expiresInMs,
      retryAfterMs,
      waitFor,
    }: { expiresInMs: number | undefined; retryAfterMs: number | undefined; waitFor: string | undefined },
  ): Promise<void> {
    const settlement = settle(progress, {
      ageMs: this.ageMs,
      random: this.context.random(),
      ...(expiresInMs !== undefined && { expiresInMs }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
    switch (settlement.kind) {
      case 'done':
        return;
      case 'retry':
        return this.retryAfter(settlement.delayMs, waitFor);
      case 'dead-letter':
        return this.bury(settlement, progress.lastProvider);
    }
  }

  /** `delayMs` is in stack time. */
  private retryAfter(delayMs: number, provider?: string): Promise<void> {
    return this.retryAt(this.context.now() + delayMs / this.scale, provider);
  }

  /** SQS delays at most 15 minutes: a longer wait is sent on in hops that carry the same `NotBefore`. */
  async retryAt(notBefore: number, provider?: string): Promise<void> {
    const { environment, queue, now } = this.context;
    const key = provider ?? this.record.messageAttributes[RETRY_ATTRIBUTE.provider]?.stringValue ?? '';
    const home = environment.retryQueueUrls[key] ? key : Object.keys(environment.retryQueueUrls)[0];
    if (home === undefined) throw new Error('no retry queue is configured');
    const seconds = Math.ceil(((notBefore - now()) * this.scale) / 1_000);
    const delay = Math.max(0, Math.min(MAX_DELAY_SECONDS, seconds));
    await queue.send(
      environment.retryQueueUrls[home] as string,
      this.record.body,
      retryAttributes(this.letter, home, notBefore),
      delay,
    );
  }

  async bury({ reason, detail }: Problem, lastProvider?: string): Promise<void> {
    const { environment, queue, log } = this.context;
    await queue.send(
      environment.deadLetterQueueUrl,
      this.record.body,
      deadLetterAttributes(this.letter, reason, detail, lastProvider),
    );
    log.warn('dead-lettered', { queueMessageId: this.record.messageId, reason });
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
