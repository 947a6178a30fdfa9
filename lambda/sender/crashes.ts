import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Item, Table } from '../platform/table.ts';

/**
 * After this number of crashes in a row, a message is dead-lettered with the reason `Crashed`. A crash means that the process
 * ended while it processed the message, or that the code threw an unexpected error.
 */
export const MOST_CRASHES = 3;

/** Lifetime of the table item that counts the crashes of a message, in seconds. It is longer than SQS keeps a message in one queue. */
const RETENTION_S = 15 * 24 * 3600;

/** Number of tries of the write to the table that ends a worker's claim on a message. */
const RELEASE_TRIES = 5;

/**
 * The table item of a message that was received before. It is separate from the record of the submission. Newer versions of
 * Mailover may add fields, but not remove or change any.
 */
interface CrashItem extends Item {
  readonly crashes: number;
  /**
   * Set while a worker has claimed the message: the id of the claim (`owner`), and the time in epoch milliseconds after which the invocation
   * of this worker is certainly over (`until`).
   */
  readonly owner?: string | undefined;
  readonly until?: number | undefined;
  /** The message was dead-lettered with the reason `Crashed`. Further copies of the message are deleted. */
  readonly over?: true;
}

/**
 * Claim of one worker on one queue message. While the claim is stored in the table, no other worker processes the same message.
 */
export interface MessageClaim {
  /** Number of crashes in a row so far. */
  readonly crashes: number;
  /** Ends the claim. `crashed`: whether the code threw an unexpected error while it processed the message. Never throws. */
  release(crashed: boolean): Promise<void>;
  /**
   * Marks the message as dead-lettered, since SQS may deliver the message a second time, even in the same batch. Never throws.
   */
  end(): Promise<void>;
}

/**
 * Failed writes of this process to the table. Each of them should have ended a claim. This process repeats the failed writes
 * later. Otherwise another worker would count a crash of this process.
 */
export class MissedReleases {
  readonly #missed = new Map<string, Missed>();

  add(one: Missed): void {
    this.#missed.set(one.owner, one);
    const [oldest] = this.#missed.keys();
    if (this.#missed.size > MOST_MISSED && oldest !== undefined) this.#missed.delete(oldest);
  }

  /**
   * Returns the number of crashes of a message that a failed write of this process should have stored; undefined if no such write
   * failed. `owner` is the id of the claim in the table. If it is undefined, since the table contains no claim, the latest failed
   * write for the message is used.
   */
  crashesOf(pk: string, owner: string | undefined): number | undefined {
    if (owner !== undefined) return this.#missed.get(owner)?.crashes;
    return [...this.#missed.values()].findLast((one) => one.pk === pk)?.crashes;
  }

  /** Repeats all failed writes. A write that fails again is kept for the next call. Never throws. */
  async write(): Promise<void> {
    await Promise.all(
      Array.from(this.#missed, async ([owner, one]) => {
        try {
          await one.write();
          this.#missed.delete(owner);
        } catch {
          // The write stays in the list. It is tried again when this process receives its next message.
        }
      }),
    );
  }
}

interface Missed {
  readonly pk: string;
  readonly owner: string;
  readonly crashes: number;
  /** Writes the number of crashes to the table, unless another worker has claimed the message in the meantime. */
  readonly write: () => Promise<unknown>;
}

/**
 * Largest number of failed writes that a process keeps. Above this number, the oldest write is dropped. Even if the table does
 * not answer for hours, fewer writes than this number are expected to fail.
 */
const MOST_MISSED = 1_000;

interface CrashContext {
  readonly missed: MissedReleases;
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Whether a message was received before. Then its earlier processing has usually failed, or its worker crashed on another message
 * of the same batch.
 */
export function isReturned({ attributes }: SQSRecord): boolean {
  return Number(attributes.ApproximateReceiveCount) > 1;
}

/**
 * Claims a queue message for this worker. If the message was received before, the claim is written to the table. If this process
 * then crashes on the message, the next worker finds the claim in the table and counts the crash.
 *
 * When a message is received for the first time, nothing is written, since nearly all mail is accepted at its first receive. If a
 * message is received again and has no item in the table, this counts as one crash: a worker that keeps a message on its queue
 * for another reason than a crash writes an item when its claim ends. If the table does not answer, no crash is counted.
 *
 * @returns `claimed-elsewhere` while another worker has claimed the message, `over` if the message was dead-lettered with the
 * reason `Crashed`
 */
export async function claimMessage(
  record: SQSRecord,
  remainingMs: number,
  context: CrashContext,
): Promise<MessageClaim | 'claimed-elsewhere' | 'over'> {
  const { table, clock, log, missed } = context;
  const pk = `crash/${record.messageId}`;
  const owner = randomUUID();
  let stored: CrashItem | undefined;
  let crashes = 0;
  const write = async (change: Partial<CrashItem> & { readonly crashes: number }): Promise<boolean> => {
    const expires = Math.ceil(clock.now() / 1_000) + RETENTION_S;
    const written = await table.write(
      { ...stored, owner: undefined, until: undefined, ...change, pk, expires },
      stored?.rev,
    );
    if (written.done) stored = written.item as CrashItem;
    return written.done;
  };
  const release = async (crashed: boolean): Promise<void> => {
    // Only crashes in a row count. If a worker ends its claim and there was no unexpected error, the worker has not crashed, so
    // the number becomes 0.
    crashes = crashed ? crashes + 1 : 0;
    for (let tries = 1; ; tries++) {
      try {
        await write({ crashes });
        return;
      } catch (error) {
        // Without this write, the next worker counts a crash of this process. Therefore the write is tried again: first a few
        // times immediately, and then when this process receives its next message.
        if (tries < RELEASE_TRIES) continue;
        missed.add({ pk, owner, crashes, write: () => write({ crashes }) });
        log.warn('release not written', { queueMessageId: record.messageId, error: errorName(error) });
        return;
      }
    }
  };
  const end = async () => {
    // If this write fails, a second delivery of the message is recognised only by the record of the submission, if this record
    // exists.
    await write({ crashes, over: true }).catch(() => undefined);
  };
  if (!isReturned(record)) return { crashes, release, end };
  try {
    stored = (await table.get(pk)) as CrashItem | undefined;
    if (stored?.over) return 'over';
    if ((stored?.until ?? 0) > clock.now()) return 'claimed-elsewhere';
    const counted = stored !== undefined && stored.owner === undefined ? stored.crashes : undefined;
    crashes = counted ?? missed.crashesOf(pk, stored?.owner) ?? 1 + (stored?.crashes ?? 0);
    if (!(await write({ crashes, owner, until: clock.now() + remainingMs }))) return 'claimed-elsewhere';
    return { crashes, release, end };
  } catch (error) {
    log.warn('crash not counted', { queueMessageId: record.messageId, error: errorName(error) });
    // The table may have stored the claim although the write seemed to fail. The claim is removed later, so that it is not
    // counted as a crash.
    const releaseLater = async (crashed: boolean) => {
      const newCrashes = crashed ? crashes + 1 : 0;
      missed.add({ pk, owner, crashes: newCrashes, write: () => withdraw(pk, owner, newCrashes, table) });
    };
    return { crashes: 0, release: releaseLater, end };
  }
}

/** Removes a claim from the table, if the table has stored the claim. */
async function withdraw(pk: string, owner: string, crashes: number, table: Table): Promise<void> {
  const item = (await table.get(pk)) as CrashItem | undefined;
  if (item?.owner !== owner) return;
  const { owner: _owner, until: _until, ...left } = item;
  await table.write({ ...left, crashes }, item.rev);
}
