import type { Reception } from '../providers/missed.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/**
 * Pause, in milliseconds of stack time, between a request to the provider to post a mail again and the next check of the mail.
 */
const ASK_PAUSE_MS = 30 * 60_000;
/**
 * Each further failed check of a mail makes the pause before its next check longer by this number of milliseconds of stack time.
 * After the first failed check there is no pause.
 */
const FAILURE_PAUSE_MS = 5 * 60_000;

/**
 * Returns when a received mail is due to be checked, in epoch milliseconds; infinity if its check is finished. The pauses are in
 * stack time (on a local stack, time may run faster than the clock).
 */
function dueAt({ settled, asks, askedAt, failures, failedAt }: ReceptionState, scale: number): number {
  if (settled) return Number.POSITIVE_INFINITY;
  const asked = asks === 0 ? 0 : askedAt + ASK_PAUSE_MS / scale;
  const failed = failures === 0 ? 0 : failedAt + ((failures - 1) * FAILURE_PAUSE_MS) / scale;
  return Math.max(asked, failed);
}

/** Received mails to check now, and the number of all received mails whose checks are not finished. */
export interface Due {
  /** Mails whose check has not failed so far. */
  readonly fresh: readonly Reception[];
  /** Mails whose check failed, or crashed a run of the reconciler. These mails are checked after all other mails. */
  readonly again: readonly Reception[];
  readonly unsettled: number;
}

/**
 * Divides the received mails that are due for a check. In `again`, mails with fewer crashes come first; among mails with the
 * same number of crashes, mails with fewer failures come first.
 */
export function divideDue(
  receptions: readonly Reception[],
  cases: ReadonlyMap<string, ReceptionState>,
  { now, scale }: { readonly now: number; readonly scale: number },
): Due {
  const of = ({ id }: Reception) => cases.get(id) ?? NEW_RECEPTION;
  const severity = (one: Reception) => of(one).crashes * 1000 + of(one).failures;
  const unsettled = receptions.filter((one) => !of(one).settled);
  const due = unsettled.filter((one) => dueAt(of(one), scale) <= now);
  return {
    fresh: due.filter((one) => severity(one) === 0),
    again: due.filter((one) => severity(one) > 0).sort((one, other) => severity(one) - severity(other)),
    unsettled: unsettled.length,
  };
}
