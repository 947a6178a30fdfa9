import type { Standing } from '../contract/metric-outcomes.ts';
import { type Speed, stackAge } from '../platform/stack-time.ts';
import type { SubmissionRecord } from './record.ts';

/** Time by which a message may be late before its submission counts as lost, in milliseconds of stack time. */
const OVERDUE_MS = 3_600_000;

/** Fields of a record that decide what it counts as. */
export type StandingFields = Pick<SubmissionRecord, 'state' | 'suppressed' | 'lease' | 'nextTryAt' | 'firstSeen'>;

/**
 * What a submission that was taken from a queue counts as, at `now` in epoch milliseconds. `lost`: its record names a message
 * that should have come back more than an hour ago.
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

/** Time at which the message of an open submission is due, in epoch milliseconds: the end of its worker's lease, or of its wait. */
export function dueAt({ lease, nextTryAt, firstSeen }: StandingFields): number {
  return lease?.until ?? nextTryAt ?? firstSeen;
}
