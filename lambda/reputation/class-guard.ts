import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { ListTable } from '../platform/list-table.ts';
import type { Log } from '../platform/log.ts';
import type { Speed } from '../platform/stack-time.ts';
import type { Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { hourOf, writeAccepted } from './hours.ts';
import { type PausedClasses, readPaused } from './paused-classes.ts';

/** Pauses and counts of classes, as the sender needs them. */
export interface ClassGuard {
  /** Whether the mail of a class has to wait. Never throws: the last result is used while the table does not answer. */
  isPaused(name: string): Promise<boolean>;
  /** Counts recipients that a provider accepted. */
  count(name: string, recipients: number): void;
  /** Writes the counts that have grown enough; at the end of each invocation. Never throws. */
  report(): Promise<void>;
}

export interface ClassGuardContext extends Speed {
  readonly table: Pick<Table, 'get'>;
  readonly lists: Pick<ListTable, 'put'>;
  /** Name of this process. */
  readonly process: string;
  /** Classes that never pause. */
  readonly exempt: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long what was read is used again, in milliseconds: as long as the state of a circuit. */
const READ_MS = 10_000;
/** Longest wait for the table. */
const TABLE_MS = 500;
/**
 * Growth of a count since it was written, from which it is written again: a process that ends in between leaves out a
 * tenth of its mail at most, and a thousand mails cost some fifty writes.
 */
const GROWTH = 0.1;

interface Count {
  readonly hour: number;
  readonly name: string;
  mails: number;
  written: number;
}

/** The guard of one process. */
export function classGuard({ table, lists, process, exempt, clock, log, ...speed }: ClassGuardContext): ClassGuard {
  let known: PausedClasses['paused'] = {};
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  /** Counts by hour and class. */
  const counts = new Map<string, Count>();

  async function read(): Promise<void> {
    try {
      known = (await within(TABLE_MS, readPaused(table), clock)).paused;
    } catch (error) {
      log.warn('paused classes unreadable', { error: errorName(error) });
    }
  }

  async function write(count: Count, at: number): Promise<void> {
    const { hour, name, mails } = count;
    try {
      await within(TABLE_MS, writeAccepted(lists, { hour, process, name, mails }, at), clock);
      count.written = mails;
    } catch (error) {
      log.warn('mail of a class not counted', { error: errorName(error) });
    }
  }

  return {
    async isPaused(name) {
      if (exempt.has(name)) return false;
      if (Math.abs(clock.now() - readAt) >= READ_MS) {
        // Also after a failure, so that a table that does not answer delays one mail in ten seconds.
        readAt = clock.now();
        reading = read();
      }
      await reading;
      return Object.hasOwn(known, name);
    },
    count(name, recipients) {
      if (exempt.has(name) || recipients === 0) return;
      const hour = hourOf(clock.now(), speed);
      const key = `${hour}/${name}`;
      const count = counts.get(key) ?? { hour, name, mails: 0, written: 0 };
      count.mails += recipients;
      counts.set(key, count);
    },
    async report() {
      const at = clock.now();
      const current = hourOf(at, speed);
      const isOver = ({ hour }: Count) => hour !== current;
      const due = [...counts.values()].filter((one) => one.mails > one.written * (isOver(one) ? 1 : 1 + GROWTH));
      await Promise.all(due.map((one) => write(one, at)));
      for (const [key, one] of counts) if (isOver(one)) counts.delete(key);
    },
  };
}
