import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import { STANDINGS, type Standing } from '../contract/metric-outcomes.ts';
import type { Speed } from '../platform/stack-time.ts';
import { recordKey } from '../submission/record.ts';
import { dueAt, standingOf } from '../submission/standing.ts';
import type { ReadRecords } from './records.ts';

/** A submission that is not finished, and whose queue message no worker receives any more. */
export interface LostSubmission {
  readonly id: string;
  /** When a worker should have received the queue message of the submission, in epoch milliseconds. */
  readonly dueAt: number;
}

/**
 * Counts of all submissions that have a record in the state table. A submission gets its record when a worker first receives
 * its queue message. Each submission is counted once.
 */
export interface SubmissionCounts {
  readonly taken: number;
  readonly counts: Readonly<Record<Standing, number>>;
  /** Lost submissions, at most {@link MOST_NAMED} of them. */
  readonly lost: readonly LostSubmission[];
}

/** Largest number of lost submissions that are listed with their ids. */
export const MOST_NAMED = 100;

/** Counts all submissions. `now` returns the time in epoch milliseconds, and is called for each page of records. */
export async function countSubmissions(
  read: ReadRecords,
  now: () => number,
  speed: Speed = {},
): Promise<SubmissionCounts> {
  const counts = Object.fromEntries(STANDINGS.map((one) => [one, 0])) as Record<Standing, number>;
  const lost: LostSubmission[] = [];
  await read((records) => {
    const at = now();
    for (const record of records) {
      // Canaries do not count: a lost canary is not sent again, since the next canary is sent as usual.
      if (record.pk.startsWith(recordKey(CANARY_PREFIX))) continue;
      const standing = standingOf(record, at, speed);
      counts[standing] += 1;
      if (standing === 'lost' && lost.length < MOST_NAMED)
        lost.push({ id: record.pk.slice(recordKey('').length), dueAt: dueAt(record) });
    }
  });
  const taken = STANDINGS.reduce((sum, one) => sum + counts[one], 0);
  return { taken, counts, lost };
}
