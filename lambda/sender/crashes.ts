import { randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Item, Table } from '../platform/table.ts';

/** A message ends as `Crashed` once this many processes in a row have died while they worked on it, or failed on it. */
export const MOST_CRASHES = 3;

/** Longer than SQS keeps a message in one queue, in seconds. */
const RETENTION_S = 15 * 24 * 3600;

/** Writes of a release before it is given up. */
const RELEASE_TRIES = 5;

/** The item of a message that was received before; fields are only added. */
interface CrashItem extends Item {
  readonly crashes: number;
  /** Set while a worker has the claim: after `until` (epoch milliseconds) the invocation of that worker is certainly over. */
  readonly owner?: string | undefined;
  readonly until?: number | undefined;
}

/** One message in the hands of one worker. */
export interface MessageClaim {
  /** Crashes so far. */
  readonly crashes: number;
  /** Lets go of the message; `crashed` if the code failed on it. */
  release(crashed: boolean): Promise<void>;
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
   * The crashes of a message that this process has survived, as the table does not know yet. `owner` has the claim there;
   * without a claim there the last one of this process counts.
   */
  crashesOf(pk: string, owner: string | undefined): number | undefined {
    if (owner !== undefined) return this.#missed.get(owner)?.crashes;
    return [...this.#missed.values()].findLast((one) => one.pk === pk)?.crashes;
  }

  /** Writes what was missed; what the table still does not take is left for the next time. Never throws. */
  async write(): Promise<void> {
    await Promise.all(
      Array.from(this.#missed, async ([owner, one]) => {
        try {
          await one.write();
          this.#missed.delete(owner);
        } catch {
          // The next message of this process tries again.
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

/** More than a table that was away for hours leaves behind in one process. */
const MOST_MISSED = 1_000;

interface CrashContext {
  readonly missed: MissedReleases;
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whether a message was received before, and something went wrong with it or with a neighbour in its batch. */
export function isReturned({ attributes }: SQSRecord): boolean {
  return Number(attributes.ApproximateReceiveCount) > 1;
}

/**
 * Claims a message for this worker. The claim is written to the table if the message was received before, so that the
 * table still names the message if the process dies while it works on it.
 *
 * A first receive writes nothing, since nearly all mail ends with it. A message that comes back without an item counts as
 * one crash: a worker that keeps a message on its queue for another reason writes an item when it releases it. If the table
 * does not answer, nothing is counted.
 *
 * @returns 'in-hand' while another worker has the claim
 */
export async function claimMessage(
  record: SQSRecord,
  remainingMs: number,
  context: CrashContext,
): Promise<MessageClaim | 'in-hand'> {
  const { table, clock, log, missed } = context;
  const pk = `crash/${record.messageId}`;
  const owner = randomUUID();
  let stored: CrashItem | undefined;
  let crashes = 0;
  const write = async (change: { crashes: number; owner?: string; until?: number }): Promise<boolean> => {
    const expires = Math.ceil(clock.now() / 1_000) + RETENTION_S;
    const written = await table.write(
      { ...stored, owner: undefined, until: undefined, ...change, pk, expires },
      stored?.rev,
    );
    if (written.done) stored = written.item as CrashItem;
    return written.done;
  };
  const release = async (crashed: boolean): Promise<void> => {
    // A process that lives to let go of a message was not killed by it: crashes count only if they follow each other.
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
  if (!isReturned(record)) return { crashes, release };
  try {
    stored = (await table.get(pk)) as CrashItem | undefined;
    if ((stored?.until ?? 0) > clock.now()) return 'in-hand';
    const told = stored !== undefined && stored.owner === undefined ? stored.crashes : undefined;
    crashes = told ?? missed.crashesOf(pk, stored?.owner) ?? 1 + (stored?.crashes ?? 0);
    if (!(await write({ crashes, owner, until: clock.now() + remainingMs }))) return 'in-hand';
    return { crashes, release };
  } catch (error) {
    log.warn('crash not counted', { queueMessageId: record.messageId, error: errorName(error) });
    // The claim may have taken effect all the same, and only this process knows that it did not crash.
    const survived = async (crashed: boolean) => {
      const then = crashed ? crashes + 1 : 0;
      missed.add({ pk, owner, crashes: then, write: () => withdraw(pk, owner, then, table) });
    };
    return { crashes: 0, release: survived };
  }
}

/** Ends a claim, if the table has it. */
async function withdraw(pk: string, owner: string, crashes: number, table: Table): Promise<void> {
  const item = (await table.get(pk)) as CrashItem | undefined;
  if (item?.owner !== owner) return;
  const { owner: _owner, until: _until, ...left } = item;
  await table.write({ ...left, crashes }, item.rev);
}
