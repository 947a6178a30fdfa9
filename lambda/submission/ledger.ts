import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Clock } from '../platform/clock.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { Item, NewItem, Table } from '../platform/table.ts';
import type { Carried } from './carried.ts';
import { amend, KEPT_ATTEMPTS, recordKey, type StoredAttempt, type SubmissionRecord } from './record.ts';

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
  | { readonly state: 'open' | 'done' }
  | { readonly state: 'dead'; readonly reason: DeadLetterReason };

/** Reads the current record of a submission. */
export async function readRecord(table: Table, submissionId: string): Promise<SubmissionRecord | undefined> {
  return (await answered(table.get(recordKey(submissionId)))) as SubmissionRecord | undefined;
}

type Known = Pick<SubmissionRecord, 'hash' | 'origin' | 'firstSeen' | 'lineage' | 'attempts' | 'carried' | 'had'>;

/**
 * Claim of one worker on one submission, with a lease.
 *
 * Outcomes of attempts are kept here and written with the next `begin`, or with `close`: a submission that is accepted at
 * the first attempt costs two writes.
 */
export class SubmissionClaim {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #pk: string;
  readonly #lease: NonNullable<SubmissionRecord['lease']>;
  #known: Known;
  /** The stored item, including fields unknown to this release. */
  #stored: Item | undefined;

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

  /** Number of attempts at a provider with an unknown outcome, or with a failure that may hide an acceptance. */
  lostAnswers(provider: string): number {
    const lost = this.#known.attempts.filter((one) => one.outcome === 'unknown' || one.maybeTaken === true);
    return lost.filter((one) => one.provider === provider && one.reason !== 'interrupted').length;
  }

  /** Key of the provider that was called last, by any worker. */
  get lastProvider(): string | undefined {
    return this.#known.attempts.at(-1)?.provider;
  }

  /** The kept attempts of all workers, in order. */
  get attempts(): readonly StoredAttempt[] {
    return this.#known.attempts;
  }

  /**
   * Records that a provider is about to be called.
   *
   * @throws TakenError if another worker has claimed the submission, LedgerError if the table does not answer: then
   * nothing may be sent
   */
  async begin(attempt: StoredAttempt, carried: Carried): Promise<void> {
    const attempts = [...this.#known.attempts, attempt].slice(-KEPT_ATTEMPTS);
    await this.#write({ ...this.#known, attempts, carried }, { state: 'open', lease: this.#lease });
    this.#known = { ...this.#known, attempts, carried };
    this.#begun = true;
  }

  /** Adds the outcome to an attempt. */
  end(number: number, change: Partial<StoredAttempt>): void {
    const { provider } = this.#known.attempts.find((one) => one.number === number) ?? {};
    const attempts = this.#known.attempts.map((one) => {
      if (one.number === number) return { ...one, ...change };
      if (one.provider !== provider || change.words === undefined) return one;
      const { words: _older, ...left } = one;
      return left;
    });
    this.#known = { ...this.#known, attempts };
  }

  /** Sets the providers that accepted what this submission supersedes, for the next one that supersedes it. */
  superseded(had: readonly string[]): void {
    if (had.length > 0) this.#known = { ...this.#known, had };
  }

  /** Marks the unknown attempts at a provider as accepted, after the provider was found to have the message. */
  found(provider: string, providerMessageId: string): void {
    const attempts = this.#known.attempts.map((one) =>
      one.provider === provider && (one.outcome === 'unknown' || one.maybeTaken)
        ? { ...one, outcome: 'accepted' as const, reason: 'found', providerMessageId }
        : one,
    );
    this.#known = { ...this.#known, attempts };
  }

  /**
   * Ends the claim and records the state of the submission. If another worker has claimed it, adds the outcomes of this
   * worker's attempts to its record.
   *
   * @throws TakenError if another worker has claimed the submission, LedgerError if the table does not answer
   */
  async close(carried: Carried, close: ClaimEnd): Promise<void> {
    this.#known = { ...this.#known, carried };
    for (let tries = 1; ; tries++) {
      try {
        return await this.#write(this.#known, close);
      } catch (error) {
        if (error instanceof TakenError) {
          const current = await this.#amend(error.current);
          throw new TakenError(current);
        }
        if (tries >= SAVE_TRIES) throw error;
        await this.#clock.sleep(SAVE_PAUSE_MS);
      }
    }
  }

  async #write(known: Known, change: ClaimEnd & Pick<SubmissionRecord, 'lease'>): Promise<void> {
    for (let tries = 1; ; tries++) {
      const item: NewItem = {
        ...this.#stored,
        ...known,
        lease: undefined,
        reason: undefined,
        ...change,
        pk: this.#pk,
        worker: this.#lease.owner,
        expires: this.#expires(),
      };
      const written = await answered(this.#table.write(item, this.#stored?.rev));
      if (written.done) {
        this.#stored = written.item;
        this.#written = true;
        return;
      }
      const current = written.current as SubmissionRecord | undefined;
      // The stored revision is newer because our own write succeeded and its answer was lost, or because of a write
      // without a claim, such as a delivery event.
      if (current?.worker !== this.#lease.owner || tries >= MERGE_TRIES) throw new TakenError(current);
      this.#stored = current;
    }
  }

  /** Adds the outcomes of own attempts to a record that another worker has claimed. */
  async #amend(current: SubmissionRecord | undefined): Promise<SubmissionRecord | undefined> {
    let latest = current;
    for (let tries = 1; latest && this.#begun && tries <= MERGE_TRIES; tries++) {
      const written = await answered(this.#table.write(amend(latest, this.#known), latest.rev));
      if (written.done) return written.item as SubmissionRecord;
      latest = written.current as SubmissionRecord | undefined;
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
