import { CANARY_PREFIX } from '../contract/dead-letter.ts';
import { STANDINGS, type Standing } from '../contract/metric-outcomes.ts';
import type { Speed } from '../platform/stack-time.ts';
import { recordKey } from '../submission/record.ts';
import { dueAt, standingOf } from '../submission/standing.ts';
import type { ReadRecords } from './records.ts';

/** A submission whose message did not come back. */
export interface LostSubmission {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
}

/** Every submission that was ever taken from a queue and has a record, each counted once. */
export interface SubmissionAccount {
  readonly taken: number;
  readonly counts: Readonly<Record<Standing, number>>;
  /** Lost submissions, at most {@link MOST_NAMED} of them. */
  readonly lost: readonly LostSubmission[];
}

/** Largest number of lost submissions that are named. */
export const MOST_NAMED = 100;

/** Takes the account. `now`: the time in epoch milliseconds, read for each part of the table. */
export async function takeAccount(read: ReadRecords, now: () => number, speed: Speed = {}): Promise<SubmissionAccount> {
  const counts = Object.fromEntries(STANDINGS.map((one) => [one, 0])) as Record<Standing, number>;
  const lost: LostSubmission[] = [];
  await read((records) => {
    const at = now();
    for (const record of records) {
      // A canary is not retried: the next one is sent as usual.
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
