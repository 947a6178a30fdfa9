import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Item, Table } from '../platform/table.ts';

/**
 * After this number of crashes in a row, a message is dead-lettered with the reason `Crashed`. It is a crash if the process ended while it
 * processed the message, or if the code threw an unexpected error.
 */
export const MOST_CRASHES = 3;

/** Lifetime of the table item that counts the crashes of a message, in seconds. It is longer than SQS keeps a message in one queue. */
const RETENTION_S = 15 * 24 * 3600;

/** Number of tries to write to the table that a worker's claim on a message has ended. */
const RELEASE_TRIES = 5;

/** The table item of a message that was received before. Newer versions of Mailover may add fields, but not remove or change any. */
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

/** Claim of one worker on one message. */
export interface MessageClaim {
  /** Number of crashes in a row so far. */
  readonly crashes: number;
  /** Ends the claim. `crashed` tells whether the code threw an unexpected error while it processed the message. */
  release(crashed: boolean): Promise<void>;
  /** Marks the message as ended. This is needed since SQS may deliver a copy of the message again, even in the same batch. */
  end(): Promise<void>;
}

/**
 * Failed writes to the table, each of which would have ended a claim. The key is the id of the claim's owner. This process repeats the failed
 * writes later. Otherwise another worker would count a crash of this process.
 */
export class MissedReleases {
  readonly #missed = new Map<string, Missed>();

  add(one: Missed): void {
    this.#missed.set(one.owner, one);
    const [oldest] = this.#missed.keys();
    if (this.#missed.size > MOST_MISSED && oldest !== undefined) this.#missed.delete(oldest);
  }

  /**
   * Returns the number of crashes of a message that a failed write of this process would have stored; undefined if no such write failed.
   * `owner` is the id of the claim in the table. If the table contains no claim, the latest failed write for the message is used.
   */
  crashesOf(pk: string, owner: string | undefined): number | undefined {
    if (owner !== undefined) return this.#missed.get(owner)?.crashes;
    return [...this.#missed.values()].findLast((one) => one.pk === pk)?.crashes;
  }

  /** Repeats the failed writes. Writes that fail again are kept for the next call. Never throws. */
  async write(): Promise<void> {
    await Promise.all(
      Array.from(this.#missed, async ([owner, one]) => {
        try {
          await one.write();
          this.#missed.delete(owner);
        } catch {
          // When this process receives its next message, the write is tried again.
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

/** Largest number of failed writes that a process keeps. Even if the table does not answer for hours, fewer writes than this number fail. */
const MOST_MISSED = 1_000;

interface CrashContext {
  readonly missed: MissedReleases;
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Whether a message was received before. If so, the processing of this message, or of another message in its batch, has failed.
 */
export function isReturned({ attributes }: SQSRecord): boolean {
  return Number(attributes.ApproximateReceiveCount) > 1;
}

/**
 * Claims a message for this worker. If the message was received before, the claim is written to the table. If this process crashes on the
 * message, the next worker sees the claim and counts the crash.
 *
 * When a message is received for the first time, nothing is written, since nearly all mail is then accepted. If a message is received again and
 * has no item in the table, this counts as one crash: a worker that keeps a message on its queue for another reason writes an item when its
 * claim ends. If the table does not answer, no crash is counted.
 *
 * @returns 'claimed-elsewhere' while another worker has the claim, 'over' if the message was dead-lettered with the reason `Crashed`
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
    // Only crashes in a row count. A process that ends its claim without an unexpected error has not crashed, so the number becomes 0.
    crashes = crashed ? crashes + 1 : 0;
    for (let tries = 1; ; tries++) {
      try {
        await write({ crashes });
        return;
      } catch (error) {
        // If this write is missing, the next worker counts a crash of this process. Therefore the write is tried again, now and later.
        if (tries < RELEASE_TRIES) continue;
        missed.add({ pk, owner, crashes, write: () => write({ crashes }) });
        log.warn('release not written', { queueMessageId: record.messageId, error: errorName(error) });
        return;
      }
    }
  };
  const end = async () => {
    // If this write fails, a further copy of the message is recognised only by the record of the submission, if this record exists.
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
    // The claim may be stored although the write seemed to fail. The claim is removed later, so that it is not counted as a crash.
    const survived = async (crashed: boolean) => {
      const then = crashed ? crashes + 1 : 0;
      missed.add({ pk, owner, crashes: then, write: () => withdraw(pk, owner, then, table) });
    };
    return { crashes: 0, release: survived, end };
  }
}

/** Removes a claim from the table, if the table has stored the claim. */
async function withdraw(pk: string, owner: string, crashes: number, table: Table): Promise<void> {
  const item = (await table.get(pk)) as CrashItem | undefined;
  if (item?.owner !== owner) return;
  const { owner: _owner, until: _until, ...left } = item;
  await table.write({ ...left, crashes }, item.rev);
}
