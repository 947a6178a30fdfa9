import type { Reception } from '../providers/missed.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/** Time for a provider to post a mail again after it was asked to. */
const ASK_PAUSE_MS = 30 * 60_000;
/** Each pause after a failed check is longer by this; there is no pause after the first one. */
const FAILURE_PAUSE_MS = 5 * 60_000;

/** When a reception is due to be checked, in epoch milliseconds; the pauses are in the reconciler's own time. */
function dueAt({ settled, asks, askedAt, failures, failedAt }: ReceptionState, scale: number): number {
  if (settled) return Number.POSITIVE_INFINITY;
  const asked = asks === 0 ? 0 : askedAt + ASK_PAUSE_MS / scale;
  const failed = failures === 0 ? 0 : failedAt + ((failures - 1) * FAILURE_PAUSE_MS) / scale;
  return Math.max(asked, failed);
}

/** Receptions to check now, and the number of all that are not settled. */
export interface Due {
  /** Receptions without a failure so far. */
  readonly fresh: readonly Reception[];
  /** Receptions whose check failed, or crashed a run: they are checked after all others. */
  readonly again: readonly Reception[];
  readonly unsettled: number;
}

/** Groups receptions by their state; those in `again` with the fewest failures first. */
export function sortOut(
  receptions: readonly Reception[],
  cases: ReadonlyMap<string, ReceptionState>,
  { now, scale }: { readonly now: number; readonly scale: number },
): Due {
  const of = ({ id }: Reception) => cases.get(id) ?? NEW_RECEPTION;
  const trouble = (one: Reception) => of(one).crashes * 1000 + of(one).failures;
  const unsettled = receptions.filter((one) => !of(one).settled);
  const due = unsettled.filter((one) => dueAt(of(one), scale) <= now);
  return {
    fresh: due.filter((one) => trouble(one) === 0),
    again: due.filter((one) => trouble(one) > 0).sort((one, other) => trouble(one) - trouble(other)),
    unsettled: unsettled.length,
  };
}
