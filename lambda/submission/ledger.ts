import type { DeadLetterReason } from '../contract/dead-letter.ts';
import type { Clock } from '../platform/clock.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { Item, NewItem, Table } from '../platform/table.ts';
import type { Carried } from './carried.ts';
import { amend, KEPT_ATTEMPTS, recordKey, type StoredAttempt, type SubmissionRecord } from './record.ts';

/** The ledger did not answer, so that nothing may be sent: the mail waits. */
export class LedgerError extends ServiceError {
  override readonly name = 'LedgerError';
}

/** Another delivery of the submission was first; `current` is what stands in the ledger. */
export class TakenError extends ServiceError {
  override readonly name = 'TakenError';
  readonly current: SubmissionRecord | undefined;

  constructor(current: SubmissionRecord | undefined) {
    super('another delivery has this submission in hand');
    this.current = current;
  }
}

/** Longer than SQS can keep any copy: 14 days in a retry queue and 14 in the dead-letter queue. */
const RETENTION_S = 30 * 24 * 3600;

/** Tries of a write that must not be lost, and the wait between them in milliseconds. */
const SAVE_TRIES = 3;
const SAVE_PAUSE_MS = 200;
/** Rounds against workers that write at the same time. */
const MERGE_TRIES = 5;

/** How a submission stands when a worker lets go of it. */
export type ClaimEnd =
  | { readonly state: 'open' | 'done' }
  | { readonly state: 'dead'; readonly reason: DeadLetterReason };

/** Reads the entry of a submission as it is now. */
export async function readRecord(table: Table, submissionId: string): Promise<SubmissionRecord | undefined> {
  return (await answered(table.get(recordKey(submissionId)))) as SubmissionRecord | undefined;
}

type Known = Pick<SubmissionRecord, 'hash' | 'origin' | 'firstSeen' | 'lineage' | 'attempts' | 'carried' | 'had'>;

/**
 * One submission's page in the ledger, while one worker has it in hand.
 *
 * What an attempt came to is kept here and written with the next begin, or with `close`: on the straight way a
 * submission costs two writes.
 */
export class SubmissionClaim {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #pk: string;
  readonly #lease: NonNullable<SubmissionRecord['lease']>;
  #known: Known;
  /** What the table holds, fields that this release does not know included. */
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

  /** Whether this worker has called a provider, or was about to. */
  get begun(): boolean {
    return this.#begun;
  }
  #begun = false;

  /** Whether the table is known to have anything of this worker's. */
  get written(): boolean {
    return this.#written;
  }
  #written = false;

  /** How often the answer of a provider was lost, or hides whether the mail was taken. */
  lostAnswers(provider: string): number {
    const lost = this.#known.attempts.filter((one) => one.outcome === 'unknown' || one.maybeTaken === true);
    return lost.filter((one) => one.provider === provider && one.reason !== 'interrupted').length;
  }

  /** Key of the provider that was called last, by whichever worker. */
  get lastProvider(): string | undefined {
    return this.#known.attempts.at(-1)?.provider;
  }

  /** The attempts that are kept, by whichever worker, in their order. */
  get attempts(): readonly StoredAttempt[] {
    return this.#known.attempts;
  }

  /**
   * Writes down that a provider is about to be called.
   *
   * @throws TakenError if another delivery is first, LedgerError if the table does not answer: then nothing may be sent
   */
  async begin(attempt: StoredAttempt, carried: Carried): Promise<void> {
    const attempts = [...this.#known.attempts, attempt].slice(-KEPT_ATTEMPTS);
    await this.#write({ ...this.#known, attempts, carried }, { state: 'open', lease: this.#lease });
    this.#known = { ...this.#known, attempts, carried };
    this.#begun = true;
  }

  /** Notes what the attempt came to. */
  end(number: number, change: Partial<StoredAttempt>): void {
    const { provider } = this.#known.attempts.find((one) => one.number === number) ?? {};
    const attempts = this.#known.attempts.map((one) => {
      if (one.number === number) return { ...one, ...change };
      const { words: _older, ...left } = one;
      return one.provider === provider ? left : one;
    });
    this.#known = { ...this.#known, attempts };
  }

  /** Notes who had what this submission sends again, for the next one that sends it. */
  superseded(had: readonly string[]): void {
    if (had.length > 0) this.#known = { ...this.#known, had };
  }

  /** Notes that a provider has the mail whose answer was lost. */
  found(provider: string, providerMessageId: string): void {
    const attempts = this.#known.attempts.map((one) =>
      one.provider === provider && (one.outcome === 'unknown' || one.maybeTaken)
        ? { ...one, outcome: 'accepted' as const, reason: 'found', providerMessageId }
        : one,
    );
    this.#known = { ...this.#known, attempts };
  }

  /**
   * Lets go of the submission and writes down where it stands. A worker that was overtaken adds what it knows.
   *
   * @throws TakenError if another delivery has it by now, LedgerError if the table does not answer
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
      // Our own write whose answer was lost, or somebody wrote beside us who does not send, such as a delivery event.
      if (current?.worker !== this.#lease.owner || tries >= MERGE_TRIES) throw new TakenError(current);
      this.#stored = current;
    }
  }

  /** Adds the outcomes of own attempts to an entry that another worker has by now. */
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
