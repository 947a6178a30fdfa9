import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Clock } from '../platform/clock.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { NewItem, Table } from '../platform/table.ts';
import { type AttemptLog, mergeLogs } from './log.ts';
import { logOf, recordKey, type SubmissionRecord } from './record.ts';

/**
 * Error: the state table did not answer, or data that is needed before sending could not be read: the suppression list, the
 * verified recipients or the key of the unsubscribe links. Therefore no mail may be sent, and the message is moved to a retry
 * queue.
 */
export class LedgerError extends ServiceError {
  override readonly name = 'LedgerError';
}

/** Error: another worker has claimed the submission. `current` is the stored record; undefined if there is none. */
export class TakenError extends ServiceError {
  override readonly name = 'TakenError';
  readonly current: SubmissionRecord | undefined;

  constructor(current: SubmissionRecord | undefined) {
    super('another worker has claimed this submission');
    this.current = current;
  }
}

/**
 * Lifetime of a record, in seconds. It is longer than SQS can keep a copy of the message: 14 days in a retry queue and then 14
 * days in the dead-letter queue.
 */
const RETENTION_S = 30 * 24 * 3600;

/** Number of tries for a write that must not be lost, and the pause between two tries in milliseconds. */
const SAVE_TRIES = 3;
const SAVE_PAUSE_MS = 200;
/** Number of tries for a write that conflicts with writes of other workers. */
const MERGE_TRIES = 5;

/**
 * State of a submission when a worker ends its claim on the submission. `done`: nothing is left to do. `open`: the submission
 * must be tried again. `dead`: the submission was sent to the dead-letter queue.
 */
export type ClaimEnd =
  | { readonly state: 'done' }
  /**
   * `nextTryAt`: when the queue message of the submission is due, in epoch milliseconds.
   * @default - the present time, since the message stays on its queue
   */
  | { readonly state: 'open'; readonly nextTryAt?: number }
  | { readonly state: 'dead'; readonly reason: DeadLetterReason };

/**
 * Reads the current record of a submission; undefined if there is none.
 * @throws LedgerError if the table does not answer
 */
export async function readRecord(
  table: Pick<Table, 'get'>,
  submissionId: string,
): Promise<SubmissionRecord | undefined> {
  return (await answered(table.get(recordKey(submissionId)))) as SubmissionRecord | undefined;
}

type Known = Pick<SubmissionRecord, 'hash' | 'origin' | 'firstSeen' | 'lineage' | 'acceptedBefore'>;

/**
 * Claim of one worker on one submission. Until the lease of the claim ends, no other worker processes the submission. The lease
 * is written to the record by the first `begin`. Every claim has a new worker id, even in the same process.
 *
 * The outcome of an attempt is not written separately, but with the next `begin` or with `close`. Therefore a submission that is
 * accepted at the first attempt costs two writes.
 */
export class SubmissionClaim {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #pk: string;
  readonly #lease: NonNullable<SubmissionRecord['lease']>;
  #known: Known;
  /** The stored item, including fields that this release does not know. */
  #stored: SubmissionRecord | undefined;

  constructor(options: {
    readonly table: Table;
    readonly clock: Clock;
    readonly submissionId: string;
    readonly lease: NonNullable<SubmissionRecord['lease']>;
    readonly stored: SubmissionRecord | undefined;
    readonly known: Known;
  }) {
    this.#table = options.table;
    this.#clock = options.clock;
    this.#pk = recordKey(options.submissionId);
    this.#lease = options.lease;
    this.#stored = options.stored;
    this.#known = options.known;
  }

  /** Id of this worker in leases, attempts and message attributes. */
  get worker(): string {
    return this.#lease.owner;
  }

  /** Whether this worker has recorded an attempt, and therefore may have called a provider. */
  get begun(): boolean {
    return this.#begun;
  }
  #begun = false;

  /** Whether a write of this worker is known to have succeeded. */
  get written(): boolean {
    return this.#written;
  }
  #written = false;

  /**
   * Records the last attempt of the log before its provider is called.
   *
   * @throws TakenError if another worker has claimed the submission, LedgerError if the table does not answer. After either error
   * the provider must not be called.
   */
  async begin(log: AttemptLog): Promise<void> {
    await this.#write(log, { state: 'open', lease: this.#lease });
    this.#begun = true;
  }

  /**
   * Adds the keys of the providers that accepted, or may have accepted, the superseded submission to the next write of the
   * record. If a later submission supersedes the submission of this record, it reads these keys.
   */
  superseded(acceptedBefore: readonly string[]): void {
    if (acceptedBefore.length > 0) this.#known = { ...this.#known, acceptedBefore };
  }

  /**
   * Ends the claim and records the state of the submission. If another worker has claimed the submission, only the outcomes of
   * this worker's attempts are added to the record.
   *
   * @throws TakenError if another worker has claimed the submission, LedgerError if the table does not answer
   */
  async close(log: AttemptLog, close: ClaimEnd): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(log, close);
      } catch (error) {
        if (error instanceof TakenError) throw new TakenError(await this.#addTo(error.current, log));
        if (tries >= SAVE_TRIES) throw error;
        await this.#clock.sleep(SAVE_PAUSE_MS);
      }
    }
  }

  async #write(log: AttemptLog, change: ClaimEnd & Pick<SubmissionRecord, 'lease'>): Promise<void> {
    for (let tries = 1; ; tries++) {
      // After an earlier worker has lost its claim, it may have added the outcomes of its attempts to the record.
      const known = this.#written && this.#stored ? mergeLogs(logOf(this.#stored), log) : log;
      const isAccepted = known.attempts.some(({ outcome }) => outcome === 'accepted');
      const item: NewItem = {
        ...this.#stored,
        ...this.#known,
        ...known,
        lease: undefined,
        reason: undefined,
        nextTryAt: change.state === 'open' && !change.lease ? this.#clock.now() : undefined,
        suppressed: (change.state === 'done' && !isAccepted) || undefined,
        ...change,
        pk: this.#pk,
        worker: this.#lease.owner,
        expires: Math.ceil(this.#clock.now() / 1_000) + RETENTION_S,
      };
      const written = await answered(this.#table.write(item, this.#stored?.rev));
      const current = (written.done ? written.item : written.current) as SubmissionRecord | undefined;
      // The record may still contain the id of this worker although its revision is newer. Then this worker's own write succeeded
      // and the answer was lost, or an earlier worker has added the outcomes of its attempts. In both cases the write is tried
      // again.
      if (!written.done && (current?.worker !== this.#lease.owner || tries >= MERGE_TRIES))
        throw new TakenError(current);
      this.#stored = current;
      this.#written = true;
      if (written.done) return;
    }
  }

  /** Adds the outcomes of this worker's attempts to a record that another worker has claimed. */
  async #addTo(current: SubmissionRecord | undefined, log: AttemptLog): Promise<SubmissionRecord | undefined> {
    let latest = current;
    for (let tries = 1; latest && this.#begun && tries <= MERGE_TRIES; tries++) {
      const written = await answered(this.#table.write({ ...latest, ...mergeLogs(logOf(latest), log) }, latest.rev));
      latest = (written.done ? written.item : written.current) as SubmissionRecord | undefined;
      if (written.done) break;
    }
    return latest;
  }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new LedgerError('the state table does not answer', { cause: error });
  }
}
