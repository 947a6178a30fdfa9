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
  /** Looks up delivery events, which prove that a provider has a mail. Absent under the same condition as `suppressions`. */
  readonly evidence?: Evidence;
  /** Recipients with a delivered mail. Absent under the same condition as `suppressions`. */
  readonly verified?: Pick<VerifiedRecipients, 'waiting'>;
  /** Pauses and counts of classes of mail; absent if no class of mail is paused above a rate of bounces or complaints. */
  readonly classes?: ClassGuard | undefined;
  /** Makes the token of an unsubscribe link. Throws if the signing key cannot be read. Absent under the same condition as `suppressions`. */
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
 * The dependencies of the sender, its data about the providers, and its failed writes to the table that must be repeated (`missed`). These
 * writes end this worker's claims on messages.
 */
export interface WorkContext extends SenderContext {
  readonly tallies: Tallies;
  readonly answerTimes: AnswerTimes;
  readonly missed: MissedReleases;
}

/**
 * Time that is reserved for the end of a round, in milliseconds. It is enough for one write to the state table, one event and one message to
 * the next queue, with one retry of each of these calls.
 */
export const SETTLE_MS = 12_000;

/** Everything needed to process one queue message. */
export interface Work {
  readonly record: SQSRecord;
  readonly arrived: Extract<Intake, { kind: 'ready' }>;
  readonly destinations: Destinations;
  readonly remainingMs: () => number;
  readonly context: WorkContext;
}

/** Error that keeps a message on its queue, and whose cause is not a fault of the message. */
export class MessageKeptError extends ServiceError {
  override readonly name: string = 'MessageKeptError';
}

/** Another worker has claimed the submission. The message stays on its queue until the claim has ended. */
export class InFlightError extends MessageKeptError {
  override readonly name = 'InFlightError';
}

/** Whether this is the last receive of the message. If it then stays on its queue, SQS moves it to the dead-letter queue, without a reason. */
export function isLastReceive(
  { attributes }: SQSRecord,
  { maxReceiveCount }: Pick<SenderEnvironment, 'maxReceiveCount'>,
): boolean {
  return Number(attributes.ApproximateReceiveCount) >= maxReceiveCount;
}
