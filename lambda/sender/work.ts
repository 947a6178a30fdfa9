import type { SQSRecord } from 'aws-lambda';
import type { Gate } from '../circuit/admission.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { Evidence } from '../events/evidence.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { RenewableObjects } from '../platform/object-store.ts';
import type { Proofs } from '../platform/proof.ts';
import type { Queue } from '../platform/queue.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { Table } from '../platform/table.ts';
import type { Registry } from '../providers/pool.ts';
import type { ClassGuard } from '../reputation/class-guard.ts';
import type { Suppressions } from '../suppression/list.ts';
import type { Subscription } from '../suppression/unsubscribe-token.ts';
import type { VerifiedRecipients } from '../suppression/verified.ts';
import type { Tallies } from '../tally/tallies.ts';
import type { AnswerTimes } from './answer-times.ts';
import type { CallProvider, LookUp } from './call.ts';
import type { MissedReleases } from './crashes.ts';
import type { Destinations } from './destinations.ts';
import type { Intake } from './intake.ts';

/** Dependencies of the sender. */
export interface SenderContext {
  readonly environment: SenderEnvironment;
  readonly definitions: Registry['definitions'];
  readonly call: CallProvider;
  readonly lookUp: LookUp;
  readonly gate: Gate;
  readonly table: Table;
  readonly queue: Queue;
  readonly proofs: Proofs;
  /** Suppression list; absent if no provider has delivery events and no class of mail has unsubscribe links. */
  readonly suppressions?: Pick<Suppressions, 'find'>;
  /**
   * Reads the delivery events of a submission that prove that a provider accepted the mail. Absent if `suppressions` is absent,
   * or if no table of delivery events is configured.
   */
  readonly evidence?: Evidence;
  /** Verified recipients: addresses that are known to receive mail. Absent under the same condition as `suppressions`. */
  readonly verified?: Pick<VerifiedRecipients, 'waiting'>;
  /** Pauses and counts of classes of mail; absent if no class can be paused because of bounces or complaints. */
  readonly classes?: ClassGuard | undefined;
  /**
   * Makes the token of an unsubscribe link. Rejects if the signing key cannot be read. Absent under the same condition as
   * `suppressions`.
   */
  readonly unsubscribeToken?: (one: Subscription) => Promise<string>;
  readonly objects: RenewableObjects;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Address to which all mail except canaries (test mails) is sent. If undefined, mail is sent to its own recipients. */
  readonly redirectTo?: string | undefined;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
}

/**
 * The dependencies of the sender and the data of this process: counts of outcomes (`tallies`), times of answers, and failed
 * writes to the table that must be repeated (`missed`). Each of the repeated writes ends a claim of this process on a queue
 * message.
 */
export interface WorkContext extends SenderContext {
  readonly tallies: Tallies;
  readonly answerTimes: AnswerTimes;
  readonly missed: MissedReleases;
}

/**
 * Time of an invocation that is reserved for the end of a round, in milliseconds. A round is one run through the providers of a
 * submission. The time is enough for one write to the state table, one event and one message to the next queue, with one retry of
 * each of these calls.
 */
export const SETTLE_MS = 12_000;

/**
 * Data and dependencies for one queue message. `remainingMs` returns the milliseconds until the time-out of the Lambda function.
 */
export interface Work {
  readonly record: SQSRecord;
  readonly arrived: Extract<Intake, { kind: 'ready' }>;
  readonly destinations: Destinations;
  readonly remainingMs: () => number;
  readonly context: WorkContext;
}

/**
 * Error after which a message stays on its queue. The message is not the cause of the error, so the error does not count as a
 * crash.
 */
export class MessageKeptError extends ServiceError {
  override readonly name: string = 'MessageKeptError';
}

/**
 * Error: another worker has claimed the submission. Until the claim ends, only the worker with the claim may process the
 * submission. The message stays on its queue, and SQS delivers it again later.
 */
export class InFlightError extends MessageKeptError {
  override readonly name = 'InFlightError';
}

/**
 * Whether this is the last receive of the message. If the message then stays on its queue, SQS moves it to the dead-letter queue
 * without the attribute `Reason`.
 */
export function isLastReceive(
  { attributes }: SQSRecord,
  { maxReceiveCount }: Pick<SenderEnvironment, 'maxReceiveCount'>,
): boolean {
  return Number(attributes.ApproximateReceiveCount) >= maxReceiveCount;
}
