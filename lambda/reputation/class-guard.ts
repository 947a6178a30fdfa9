import type { Clock } from '../platform/clock.ts';
import { errorName } from '../platform/error-name.ts';
import type { ListTable } from '../platform/list-table.ts';
import type { Log } from '../platform/log.ts';
import type { Speed } from '../platform/stack-time.ts';
import type { Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { hourOf, writeAccepted } from './hours.ts';
import { type PausedClasses, readPaused } from './paused-classes.ts';

/**
 * Access to the pauses of classes of mail, and to the counts of accepted mail of each class, for the function that sends mail.
 */
export interface ClassGuard {
  /** Whether the mail of a class has to wait. Never rejects: while the table does not answer, the last result is used. */
  isPaused(name: string): Promise<boolean>;
  /** Adds a number of recipients that a provider accepted to the count of a class of mail. */
  count(name: string, recipients: number): void;
  /**
   * Writes the counts that have grown by more than `GROWTH`, and the last counts of past hours; called at the end of each
   * invocation. Never rejects.
   */
  report(): Promise<void>;
}

export interface ClassGuardContext extends Speed {
  readonly table: Pick<Table, 'get'>;
  readonly lists: Pick<ListTable, 'put'>;
  /** Unique name of this process. */
  readonly process: string;
  /** Classes of mail that are never paused. */
  readonly exempt: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Time in milliseconds for which the paused classes are cached; the state of a circuit breaker is cached for the same time. */
const READ_MS = 10_000;
/** Longest wait for the table, in milliseconds. */
const TABLE_MS = 500;
/**
 * Relative growth of a count, since it was last written, above which the count is written again. So if a process ends before it
 * writes its last count, at most a tenth of its mail is not counted. A thousand mails cost about fifty writes.
 */
const GROWTH = 0.1;

interface Count {
  readonly hour: number;
  readonly name: string;
  mails: number;
  written: number;
}

/** Creates the {@link ClassGuard} of one process. */
export function classGuard({ table, lists, process, exempt, clock, log, ...speed }: ClassGuardContext): ClassGuard {
  let known: PausedClasses['paused'] = {};
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  /** Counts by hour of stack time and class of mail. */
  const counts = new Map<string, Count>();

  async function read(): Promise<void> {
    try {
      known = (await withTimeout(TABLE_MS, readPaused(table), clock)).paused;
    } catch (error) {
      log.warn('paused classes unreadable', { error: errorName(error) });
    }
  }

  async function write(count: Count, at: number): Promise<void> {
    const { hour, name, mails } = count;
    try {
      await withTimeout(TABLE_MS, writeAccepted(lists, { hour, process, name, mails }, at), clock);
      count.written = mails;
    } catch (error) {
      log.warn('mail of a class not counted', { error: errorName(error) });
    }
  }

  return {
    async isPaused(name) {
      if (exempt.has(name)) return false;
      if (Math.abs(clock.now() - readAt) >= READ_MS) {
        // The time of the read is set even if the read fails, so that a table that does not answer delays mail only once every
        // ten seconds.
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
