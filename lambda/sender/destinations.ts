import type { SQSRecord } from 'aws-lambda';
import type { Problem } from '../contract/dead-letter.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Proofs } from '../platform/proof.ts';
import { MAX_DELAY_SECONDS, type Queue } from '../platform/queue.ts';
import { ServiceError } from '../platform/service-failure.ts';
import { stackAge } from '../platform/stack-time.ts';
import { invocationsOfAge, MAX_WAIT_MS } from '../submission/backoff.ts';
import { deadLetterAttributes, type QueueAttributes, retryAttributes } from '../submission/retry-attributes.ts';
import { tellDeadLetter, tellInvocations, tellRetry } from './telemetry.ts';

/** What the homes of a message are made of. */
export interface DestinationsContext {
  readonly environment: SenderEnvironment;
  readonly queue: Queue;
  readonly proofs: Proofs;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** The queues that one message can go to next; once it is there, it may be deleted where it came from. */
export class Destinations {
  /** What travels beside the body. */
  letter: QueueAttributes;
  private readonly record: SQSRecord;
  private readonly context: DestinationsContext;

  constructor(record: SQSRecord, letter: QueueAttributes, context: DestinationsContext) {
    this.record = record;
    this.letter = letter;
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

  /** The producer's `MessageGroupId`, by convention the class: it stays on every message that carries the mail on. */
  private get group(): string | undefined {
    return this.record.attributes.MessageGroupId;
  }

  private get scale(): number {
    return this.context.environment.timeScale ?? 1;
  }

  /** `delayMs` is in stack time. */
  retryAfter(delayMs: number, provider?: string): Promise<void> {
    if (!this.isCanary) tellRetry(this.context, this.since(this.letter.firstSeen));
    return this.requeueAt(this.context.clock.now() + delayMs / this.scale, provider);
  }

  /** A canary is worth nothing later, and the next one follows: that it is missing is the message. */
  private get isCanary(): boolean {
    return this.letter.canary === true;
  }

  private giveUp(): void {
    this.context.log.warn('canary given up', { submissionId: this.letter.submissionId });
  }

  /** SQS delays at most 15 minutes: a longer wait is sent on in hops that carry the same `NotBefore`. */
  async requeueAt(notBefore: number, provider?: string): Promise<void> {
    if (this.isCanary) return this.giveUp();
    const { environment, queue, clock, proofs } = this.context;
    const key = provider ?? this.letter.provider ?? '';
    const home = environment.retryQueueUrls[key] ? key : Object.keys(environment.retryQueueUrls)[0];
    if (home === undefined) throw new ServiceError('no retry queue is configured');
    const seconds = Math.ceil(((notBefore - clock.now()) * this.scale) / 1_000);
    tellInvocations(this.context, this.letter.invocations / invocationsOfAge(this.since(this.letter.firstSeen)));
    await queue.send(
      environment.retryQueueUrls[home] as string,
      this.record.body,
      await proofs.prove(this.record.body, retryAttributes(this.letter, home, notBefore)),
      Math.max(0, Math.min(MAX_DELAY_SECONDS, seconds)),
      this.group,
    );
  }

  async deadLetter({ reason, detail }: Problem, lastProvider?: string): Promise<void> {
    if (this.isCanary) return this.giveUp();
    const { environment, queue, proofs } = this.context;
    const attributes = deadLetterAttributes(this.letter, reason, detail, lastProvider);
    await queue.send(
      environment.deadLetterQueueUrl,
      this.record.body,
      await proofs.prove(this.record.body, attributes),
      undefined,
      this.group,
    );
    const { submissionId } = this.letter;
    tellDeadLetter(this.context, reason, { submissionId, queueMessageId: this.record.messageId });
  }
}
