import type { Standing } from '../contract/metric-outcomes.ts';
import { type Speed, stackAge } from '../platform/stack-time.ts';
import type { SubmissionRecord } from './record.ts';

/**
 * Time after which a queue message that was due and was not received counts as lost, in milliseconds of stack time (which on a
 * local stack may run faster than the clock).
 */
const OVERDUE_MS = 3_600_000;

/** Fields of a submission's record that decide which state the submission has in the daily count of all submissions. */
export type StandingFields = Pick<SubmissionRecord, 'state' | 'suppressed' | 'lease' | 'nextTryAt' | 'firstSeen'>;

/**
 * Returns the state that a submission has in the daily count of all submissions, at the time `now` in epoch milliseconds. `lost`:
 * the queue message of the open submission was due more than an hour ago, and no worker has received the message since.
 */
export function standingOf(record: StandingFields, now: number, speed: Speed = {}): Standing {
  const { state, suppressed, lease } = record;
  switch (state) {
    case 'dead':
      return 'dead';
    case 'done':
      return suppressed ? 'suppressed' : 'accepted';
    case 'open':
      if (lease && lease.until > now) return 'in-flight';
      return stackAge(dueAt(record), now, speed) > OVERDUE_MS ? 'lost' : 'waiting';
  }
}

/**
 * Returns the time at which the queue message of an open submission is due, in epoch milliseconds: the end of the worker's lease,
 * or else the end of the wait before the next round of attempts.
 */
export function dueAt({ lease, nextTryAt, firstSeen }: StandingFields): number {
  return lease?.until ?? nextTryAt ?? firstSeen;
}
