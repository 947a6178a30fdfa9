import type { SQSRecord } from 'aws-lambda';
import type { Problem } from '../contract/dead-letter.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import { enqueueEvent } from '../events/enqueue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Proofs } from '../platform/proof.ts';
import { MAX_DELAY_SECONDS, type Queue } from '../platform/queue.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { stackAge } from '../platform/stack-time.ts';
import { invocationsOfAge, MAX_WAIT_MS } from '../submission/backoff.ts';
import { deadLetterAttributes, type QueueAttributes, retryAttributes } from '../submission/retry-attributes.ts';
import { deadLetterEvent } from './dead-letter-event.ts';
import { reportDeadLetter, reportInvocations, reportRetry } from './telemetry.ts';

/** Dependencies of {@link Destinations}. */
export interface DestinationsContext {
  readonly environment: SenderEnvironment;
  readonly queue: Queue;
  readonly proofs: Proofs;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Sends a message to its next queue: a retry queue or the dead-letter queue. After the message was sent there, it may be deleted from
 * its present queue.
 */
export class Destinations {
  /** Attributes of the message that is sent to the next queue. */
  attributes: QueueAttributes;
  /** Why the message is dead-lettered. Set when this is decided, even if the message could not be sent to the dead-letter queue. */
  problem: Problem | undefined;
  /** Class of mail of the submission. Set after the body was read. */
  class: string | undefined;
  private readonly record: SQSRecord;
  private readonly context: DestinationsContext;

  constructor(record: SQSRecord, attributes: QueueAttributes, context: DestinationsContext) {
    this.record = record;
    this.attributes = attributes;
    this.context = context;
  }

  /** Returns the time since `time` (epoch milliseconds) in stack time, which on a local stack may run faster than the clock. */
  since(time: number): number {
    return stackAge(time, this.context.clock.now(), this.context.environment);
  }

  /** Whether the message was first received more than five days of stack time after it was sent to its present queue. */
  get isStale(): boolean {
    const { SentTimestamp, ApproximateFirstReceiveTimestamp } = this.record.attributes;
    const first = Number(ApproximateFirstReceiveTimestamp);
    return stackAge(Number(SentTimestamp), first, this.context.environment) > MAX_WAIT_MS;
  }

  /**
   * The `MessageGroupId` that the producer has set, by convention the class of mail. All later queue messages of the submission
   * get the same value.
   */
  private get group(): string | undefined {
    return this.record.attributes.MessageGroupId;
  }

  private get scale(): number {
    return this.context.environment.timeScale ?? 1;
  }

  /** Returns the time of the clock, in epoch milliseconds, at which a delay ends. The delay is given in milliseconds of stack time. */
  timeAfter(delayMs: number): number {
    return Math.ceil(this.context.clock.now() + delayMs / this.scale);
  }

  /**
   * Sends the message to a retry queue, and adds the retry to the metrics. The retry is due at `notBefore`, in epoch
   * milliseconds. `provider` is the key of the provider whose retry queue is used; by default it is the provider of the present
   * retry queue, or the first provider with a retry queue.
   */
  retryAt(notBefore: number, provider?: string): Promise<void> {
    if (!this.isCanary) reportRetry(this.context, this.since(this.attributes.firstSeen));
    return this.requeueAt(notBefore, provider);
  }

  /**
   * Whether the message is a canary (a test mail). A canary is never sent to another queue: if it does not arrive, an alarm is
   * raised, and the next canary is sent as usual.
   */
  private get isCanary(): boolean {
    return this.attributes.canary === true;
  }

  private giveUp(): void {
    this.context.log.warn('canary given up', { submissionId: this.attributes.submissionId });
  }

  /**
   * Sends the message to a retry queue, and adds no retry to the metrics. SQS delays a message by at most 15 minutes. During a
   * longer wait, the message is therefore received early, and sent to the retry queue again with the same `NotBefore`.
   */
  async requeueAt(notBefore: number, provider?: string): Promise<void> {
    if (this.isCanary) return this.giveUp();
    const { environment, queue, clock, proofs } = this.context;
    const key = provider ?? this.attributes.provider ?? '';
    const home = environment.retryQueueUrls[key] ? key : Object.keys(environment.retryQueueUrls)[0];
    if (home === undefined) throw new ServiceError('no retry queue is configured');
    const seconds = Math.ceil(((notBefore - clock.now()) * this.scale) / 1_000);
    reportInvocations(
      this.context,
      this.attributes.invocations / invocationsOfAge(this.since(this.attributes.firstSeen)),
    );
    await queue.send(
      environment.retryQueueUrls[home] as string,
      this.record.body,
      await proofs.prove(this.record.body, retryAttributes(this.attributes, home, notBefore)),
      Math.max(0, Math.min(MAX_DELAY_SECONDS, seconds)),
      this.group,
    );
  }

  /**
   * Sends the message to the dead-letter queue with a reason. If dead-letter events are configured, puts an event on the events
   * queue first. Throws if the message or the event could not be sent.
   */
  async deadLetter({ reason, detail }: Problem, lastProvider?: string): Promise<void> {
    if (this.isCanary) return this.giveUp();
    this.problem = { reason, detail };
    const { environment, queue, proofs, clock } = this.context;
    // The event is sent before the dead letter. If either of the two calls fails, the message stays on its queue. When the
    // message is received again, the event is sent again with the same id.
    if (environment.deadLetterEvents) {
      const more = { class: this.class, provider: lastProvider, now: clock.now() };
      await enqueueEvent(queue, environment.eventsQueueUrl, deadLetterEvent({ reason, detail }, this.attributes, more));
    }
    const attributes = deadLetterAttributes(this.attributes, reason, detail, lastProvider);
    await queue.send(
      environment.deadLetterQueueUrl,
      this.record.body,
      await proofs.prove(this.record.body, attributes),
      undefined,
      this.group,
    );
    const { submissionId } = this.attributes;
    reportDeadLetter(this.context, reason, { submissionId, queueMessageId: this.record.messageId });
  }
}
