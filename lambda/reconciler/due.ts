import type { Reception } from '../providers/missed.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/** How long a provider has to post a mail that it was asked for. */
const ASK_PAUSE_MS = 30 * 60_000;
/** By so much each pause after a failed look is longer than the one before; the first is none. */
const FAILURE_PAUSE_MS = 5 * 60_000;

/** From when on a case is to be looked at, in epoch milliseconds; the pauses count in the reconciler's own time. */
function dueAt({ settled, asks, askedAt, failures, failedAt }: ReceptionState, scale: number): number {
  if (settled) return Number.POSITIVE_INFINITY;
  const asked = asks === 0 ? 0 : askedAt + ASK_PAUSE_MS / scale;
  const failed = failures === 0 ? 0 : failedAt + ((failures - 1) * FAILURE_PAUSE_MS) / scale;
  return Math.max(asked, failed);
}

/** Receptions that are to be looked at now, and how many are not settled at all. */
export interface Due {
  /** Whatever nothing has gone wrong with. */
  readonly fresh: readonly Reception[];
  /** What could not be looked at before, or has killed a run: it must not keep the rest from its turn. */
  readonly again: readonly Reception[];
  readonly unsettled: number;
}

/** Sorts receptions by what was done about them; those in `again` with the least trouble first. */
export function sortOut(
  receptions: readonly Reception[],
  cases: ReadonlyMap<string, ReceptionState>,
  { now, scale }: { readonly now: number; readonly scale: number },
): Due {
  const of = ({ id }: Reception) => cases.get(id) ?? NEW_RECEPTION;
  const trouble = (one: Reception) => of(one).deaths * 1000 + of(one).failures;
  const unsettled = receptions.filter((one) => !of(one).settled);
  const due = unsettled.filter((one) => dueAt(of(one), scale) <= now);
  return {
    fresh: due.filter((one) => trouble(one) === 0),
    again: due.filter((one) => trouble(one) > 0).sort((one, other) => trouble(one) - trouble(other)),
    unsettled: unsettled.length,
  };
}
