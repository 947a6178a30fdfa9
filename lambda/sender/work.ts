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
  /** Absent if no provider has delivery events. */
  readonly suppressions?: Pick<Suppressions, 'find'>;
  /** Absent if no provider has delivery events. */
  readonly evidence?: Evidence;
  /** Absent if no class waits for the first mail of a recipient. */
  readonly verified?: Pick<VerifiedRecipients, 'waiting'>;
  /** Absent if no class pauses above a rate. */
  readonly classes?: ClassGuard | undefined;
  /** Makes the token of a link to unsubscribe; absent if no class has them. Throws if its key cannot be read. */
  readonly unsubscribeToken?: (one: Subscription) => Promise<string>;
  readonly objects: RenewableObjects;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Address that gets all mail except canaries; undefined: its own recipients do. */
  readonly redirectTo?: string | undefined;
  readonly clock: Clock;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
}

/** Context of the sender: its dependencies, its telemetry, its data about the providers, and the releases that it still has to write. */
export interface WorkContext extends SenderContext {
  readonly tallies: Tallies;
  readonly answerTimes: AnswerTimes;
  readonly missed: MissedReleases;
}

/**
 * Time kept for the end of a round, in milliseconds: the ledger, an event and the next queue, each with one retry of the
 * call.
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

/** A reason to keep a message on its queue that is not a fault of the message. */
export class MessageKeptError extends ServiceError {
  override readonly name: string = 'KeptError';
}

/** Another worker has claimed the submission: the message stays on its queue until that is decided. */
export class InFlightError extends MessageKeptError {
  override readonly name = 'InFlightError';
}

/** Whether SQS would move the message to the dead-letter queue, without attributes, if it stayed on its queue again. */
export function isLastReceive(
  { attributes }: SQSRecord,
  { maxReceiveCount }: Pick<SenderEnvironment, 'maxReceiveCount'>,
): boolean {
  return Number(attributes.ApproximateReceiveCount) >= maxReceiveCount;
}
