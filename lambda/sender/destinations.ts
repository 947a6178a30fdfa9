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

/** Dependencies of sending to the next queue. */
export interface DestinationsContext {
  readonly environment: SenderEnvironment;
  readonly queue: Queue;
  readonly proofs: Proofs;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** The queues that a message can be sent to next; after that it may be deleted from its present one. */
export class Destinations {
  /** Attributes of the next message. */
  attributes: QueueAttributes;
  /** Why it ends, once that is decided, whether or not the dead-letter queue has taken it. */
  problem: Problem | undefined;
  /** Class of the submission, once its body is read. */
  class: string | undefined;
  private readonly record: SQSRecord;
  private readonly context: DestinationsContext;

  constructor(record: SQSRecord, attributes: QueueAttributes, context: DestinationsContext) {
    this.record = record;
    this.attributes = attributes;
    this.context = context;
  }

  /** Milliseconds of stack time since `time` (epoch milliseconds). */
  since(time: number): number {
    return stackAge(time, this.context.clock.now(), this.context.environment);
  }

  /** Whether the message was first received more than five days after it was sent. */
  get isStale(): boolean {
    const { SentTimestamp, ApproximateFirstReceiveTimestamp } = this.record.attributes;
    const first = Number(ApproximateFirstReceiveTimestamp);
    return stackAge(Number(SentTimestamp), first, this.context.environment) > MAX_WAIT_MS;
  }

  /** The producer's `MessageGroupId`, by convention the class; all later messages of the submission keep it. */
  private get group(): string | undefined {
    return this.record.attributes.MessageGroupId;
  }

  private get scale(): number {
    return this.context.environment.timeScale ?? 1;
  }

  /** The time of the clock after a delay in stack time, both in milliseconds. */
  timeAfter(delayMs: number): number {
    return Math.ceil(this.context.clock.now() + delayMs / this.scale);
  }

  /** Sends the message to a retry queue, due at a time of the clock. */
  retryAt(notBefore: number, provider?: string): Promise<void> {
    if (!this.isCanary) reportRetry(this.context, this.since(this.attributes.firstSeen));
    return this.requeueAt(notBefore, provider);
  }

  /** A canary is not retried: its absence is what the alarm measures, and the next canary is sent as usual. */
  private get isCanary(): boolean {
    return this.attributes.canary === true;
  }

  private giveUp(): void {
    this.context.log.warn('canary given up', { submissionId: this.attributes.submissionId });
  }

  /**
   * Sends the message to a retry queue. SQS delays at most 15 minutes: a longer wait consists of hops with the same
   * `NotBefore`.
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

  async deadLetter({ reason, detail }: Problem, lastProvider?: string): Promise<void> {
    if (this.isCanary) return this.giveUp();
    this.problem = { reason, detail };
    const { environment, queue, proofs, clock } = this.context;
    // The event first: if it fails, the message stays, and both are sent again, with the same id.
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
