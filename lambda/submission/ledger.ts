import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Clock } from '../platform/clock.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { NewItem, Table } from '../platform/table.ts';
import { type AttemptLog, mergeLogs } from './log.ts';
import { logOf, recordKey, type SubmissionRecord } from './record.ts';

/** The state table did not answer; nothing may be sent, and the message waits. */
export class LedgerError extends ServiceError {
  override readonly name = 'LedgerError';
}

/** Another worker has claimed the submission; `current` is the stored record. */
export class TakenError extends ServiceError {
  override readonly name = 'TakenError';
  readonly current: SubmissionRecord | undefined;

  constructor(current: SubmissionRecord | undefined) {
    super('another worker has claimed this submission');
    this.current = current;
  }
}

/** Lifetime of a record: longer than SQS can keep any copy, 14 days in a retry queue and 14 in the dead-letter queue. */
const RETENTION_S = 30 * 24 * 3600;

/** Tries of a write that must not be lost, and the pause between them in milliseconds. */
const SAVE_TRIES = 3;
const SAVE_PAUSE_MS = 200;
/** Tries of a write that conflicts with simultaneous ones. */
const MERGE_TRIES = 5;

/** State of a submission when its claim ends. */
export type ClaimEnd =
  | { readonly state: 'done' }
  /** `nextTryAt`: when its message is due, in epoch milliseconds. @default - now: the message stays on its queue */
  | { readonly state: 'open'; readonly nextTryAt?: number }
  | { readonly state: 'dead'; readonly reason: DeadLetterReason };

/** Reads the current record of a submission. */
export async function readRecord(
  table: Pick<Table, 'get'>,
  submissionId: string,
): Promise<SubmissionRecord | undefined> {
  return (await answered(table.get(recordKey(submissionId)))) as SubmissionRecord | undefined;
}

type Known = Pick<SubmissionRecord, 'hash' | 'origin' | 'firstSeen' | 'lineage' | 'had'>;

/**
 * Claim of one worker on one submission, with a lease.
 *
 * The outcome of an attempt is written with the next `begin`, or with `close`: a submission that is accepted at the first
 * attempt costs two writes.
 */
export class SubmissionClaim {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #pk: string;
  readonly #lease: NonNullable<SubmissionRecord['lease']>;
  #known: Known;
  /** The stored item, including fields unknown to this release. */
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

  /** This worker, by its id in leases and messages. */
  get worker(): string {
    return this.#lease.owner;
  }

  /** Whether this worker has called a provider, or was about to. */
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
   * Records that a provider is about to be called: the last attempt of the log.
   *
   * @throws TakenError if another worker has claimed the submission, LedgerError if the table does not answer: then
   * nothing may be sent
   */
  async begin(log: AttemptLog): Promise<void> {
    await this.#write(log, { state: 'open', lease: this.#lease });
    this.#begun = true;
  }

  /** Sets the providers that accepted what this submission supersedes, for the next one that supersedes it. */
  superseded(had: readonly string[]): void {
    if (had.length > 0) this.#known = { ...this.#known, had };
  }

  /**
   * Ends the claim and records the state of the submission. If another worker has claimed it, adds the outcomes of this
   * worker's attempts to its record.
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
      // A worker whose claim was taken over may have added the outcomes of its attempts.
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
        expires: this.#expires(),
      };
      const written = await answered(this.#table.write(item, this.#stored?.rev));
      const current = (written.done ? written.item : written.current) as SubmissionRecord | undefined;
      // The stored revision is newer because our own write succeeded and its answer was lost, or because an
      // earlier worker has added its outcomes.
      if (!written.done && (current?.worker !== this.#lease.owner || tries >= MERGE_TRIES))
        throw new TakenError(current);
      this.#stored = current;
      this.#written = true;
      if (written.done) return;
    }
  }

  /** Adds the outcomes of own attempts to a record that another worker has claimed. */
  async #addTo(current: SubmissionRecord | undefined, log: AttemptLog): Promise<SubmissionRecord | undefined> {
    let latest = current;
    for (let tries = 1; latest && this.#begun && tries <= MERGE_TRIES; tries++) {
      const written = await answered(this.#table.write({ ...latest, ...mergeLogs(logOf(latest), log) }, latest.rev));
      latest = (written.done ? written.item : written.current) as SubmissionRecord | undefined;
      if (written.done) break;
    }
    return latest;
  }

  #expires(): number {
    return Math.ceil(this.#clock.now() / 1_000) + RETENTION_S;
  }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new LedgerError('the state table does not answer', { cause: error });
  }
}
