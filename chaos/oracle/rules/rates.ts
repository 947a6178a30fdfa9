import type { FaultKind } from '../../faults/kinds.ts';
import { OF_TABLE } from '../../faults/troubles.ts';
import type { Rule } from '../case.ts';

/**
 * Time by which a call may be nearer to another than their slots: clocks of processes differ by up to 100 ms, the way to a
 * provider by 75, the write before the call by 100, and a slot may be used 25 ms late, twice.
 */
const JITTER_MS = 325;

/** Lengths of time over which calls are counted, in milliseconds: over a long one the jitter counts for little. */
const SPANS_MS = [1_000, 10_000, 60_000];

/** Kinds of faults that delay a call after its slot by seconds. */
const DELAYING: ReadonlySet<FaultKind> = new Set(['stall']);
const BLIND_MS = 60_000;

/** Workers to which the table has not answered for five seconds call at their own part of the rate: seldom two in a moment. */
const OWN_CALLS = 2;

/** No provider gets more calls than it was configured for, also while the table fails or throttles. */
export const rates: Rule = ({ chronicle, providers, troubles }) =>
  providers.flatMap(({ key, maxPerSecond }) => {
    if (maxPerSecond === undefined) return [];
    const calls = [...chronicle.stories]
      .flatMap(({ attempts }) => attempts)
      .filter(({ provider }) => provider === key)
      .map(({ begunAt }) => begunAt)
      .sort((a, b) => a - b);
    return SPANS_MS.flatMap((spanMs) => {
      const most = Math.floor((maxPerSecond * (spanMs + JITTER_MS)) / 1_000 + 1);
      const at = calls.find((from, place) => {
        const own = troubles.any(OF_TABLE, from - BLIND_MS, from) ? OWN_CALLS : 0;
        const next = calls[place + most + own];
        const tooFast = next !== undefined && next - from < spanMs;
        return (
          tooFast &&
          !troubles.any(DELAYING, from - BLIND_MS, next) &&
          !chronicle.wrongClocks.overlaps(from - BLIND_MS, next)
        );
      });
      return at === undefined
        ? []
        : [`too fast: more than ${most} calls of ${key} in ${spanMs / 1_000} s, at ${new Date(at).toISOString()}`];
    });
  });
