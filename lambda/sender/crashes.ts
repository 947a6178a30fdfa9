import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Item, Table } from '../platform/table.ts';

/**
 * Number of crashes in a row after which a message ends as `Crashed`: the process ended during its processing, or the
 * code failed on it.
 */
export const MOST_CRASHES = 3;

/** Lifetime of an item, in seconds: longer than SQS keeps a message in one queue. */
const RETENTION_S = 15 * 24 * 3600;

/** Tries of writing a release. */
const RELEASE_TRIES = 5;

/** The item of a message that was received before; fields are only added. */
interface CrashItem extends Item {
  readonly crashes: number;
  /** Set while a worker has the claim: after `until` (epoch milliseconds) the invocation of that worker is certainly over. */
  readonly owner?: string | undefined;
  readonly until?: number | undefined;
  /** The message ended as `Crashed`: further copies are deleted. */
  readonly over?: true;
}

/** Claim of one worker on one message. */
export interface MessageClaim {
  /** Crashes so far. */
  readonly crashes: number;
  /** Releases the message; `crashed` if the code failed on it. */
  release(crashed: boolean): Promise<void>;
  /** Marks the message as ended. SQS may deliver it twice, even in one batch. */
  end(): Promise<void>;
}

/**
 * Releases that the table did not accept, by the owner of the claim: this process writes them later, so that no worker
 * counts it as crashed.
 */
export class MissedReleases {
  readonly #missed = new Map<string, Missed>();

  add(one: Missed): void {
    this.#missed.set(one.owner, one);
    const [oldest] = this.#missed.keys();
    if (this.#missed.size > MOST_MISSED && oldest !== undefined) this.#missed.delete(oldest);
  }

  /**
   * The number of crashes of a message, if this process released its claim and could not write that to the table. `owner` is
   * the owner of the claim in the table; if the table has no claim, the latest release of this process counts.
   */
  crashesOf(pk: string, owner: string | undefined): number | undefined {
    if (owner !== undefined) return this.#missed.get(owner)?.crashes;
    return [...this.#missed.values()].findLast((one) => one.pk === pk)?.crashes;
  }

  /** Writes the missed releases; those that fail again are kept for the next call. Never throws. */
  async write(): Promise<void> {
    await Promise.all(
      Array.from(this.#missed, async ([owner, one]) => {
        try {
          await one.write();
          this.#missed.delete(owner);
        } catch {
          // The next message of this process triggers another try.
        }
      }),
    );
  }
}

interface Missed {
  readonly pk: string;
  readonly owner: string;
  readonly crashes: number;
  /** Does nothing once another worker has the claim. */
  readonly write: () => Promise<unknown>;
}

/** Largest number of releases that are kept: more than one process misses while the table is down for hours. */
const MOST_MISSED = 1_000;

interface CrashContext {
  readonly missed: MissedReleases;
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Whether a message was received before, so that its processing, or that of another message in its batch, has failed.
 */
export function isReturned({ attributes }: SQSRecord): boolean {
  return Number(attributes.ApproximateReceiveCount) > 1;
}

/**
 * Claims a message for this worker. If the message was received before, the claim is written to the table, which so
 * shows the message if the process crashes.
 *
 * A first receive writes nothing, since nearly all mail is accepted then. A message that comes back without an item
 * counts as one crash: a worker that keeps a message on its queue for another reason writes an item when it releases
 * it. If the table does not answer, nothing is counted.
 *
 * @returns 'claimed-elsewhere' while another worker has the claim, 'over' if the message has ended as `Crashed`
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
    // A process that releases a message has not crashed on it: only crashes in a row count.
    crashes = crashed ? crashes + 1 : 0;
    for (let tries = 1; ; tries++) {
      try {
        await write({ crashes });
        return;
      } catch (error) {
        // Without this write the next worker counts a crash of this process, so it is tried again, now and later.
        if (tries < RELEASE_TRIES) continue;
        missed.add({ pk, owner, crashes, write: () => write({ crashes }) });
        log.warn('crash not counted', { queueMessageId: record.messageId, error: errorName(error) });
        return;
      }
    }
  };
  const end = async () => {
    // Without this mark a copy is compared with the record of its submission, if there is one.
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
    // The claim may be in the table although the write failed, and only this process knows that it did not crash.
    const survived = async (crashed: boolean) => {
      const then = crashed ? crashes + 1 : 0;
      missed.add({ pk, owner, crashes: then, write: () => withdraw(pk, owner, then, table) });
    };
    return { crashes: 0, release: survived, end };
  }
}

/** Removes a claim from the table, if it is there. */
async function withdraw(pk: string, owner: string, crashes: number, table: Table): Promise<void> {
  const item = (await table.get(pk)) as CrashItem | undefined;
  if (item?.owner !== owner) return;
  const { owner: _owner, until: _until, ...left } = item;
  await table.write({ ...left, crashes }, item.rev);
}
