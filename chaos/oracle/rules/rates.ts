import { OF_TABLE } from '../../faults/fault-times.ts';
import type { FaultKind } from '../../faults/kinds.ts';
import type { Rule } from '../input.ts';

/**
 * Milliseconds by which the time between two calls may be shorter than the time between their slots of the rate limit: clocks of
 * processes differ by up to 100 ms, the times of requests to a provider by 75 ms, the writes before the calls by 100 ms, and each
 * of the two slots may be used 25 ms late.
 */
const JITTER_MS = 325;

/** Lengths of the periods in which calls are counted, in milliseconds. The longer the period, the smaller is the effect of the jitter. */
const SPANS_MS = [1_000, 10_000, 60_000];

/** Kinds of faults that delay a call by seconds after its slot of the rate limit was reserved. */
const DELAYING: ReadonlySet<FaultKind> = new Set(['stall']);
const BLIND_MS = 60_000;

/**
 * Number of additional calls that are permitted while the table fails. A worker to which the table has not answered for five
 * seconds calls at its own part of the rate. It no longer knows the slots of other workers, so calls of two workers may coincide.
 */
const OWN_CALLS = 2;

/** No provider gets calls at a higher rate than its `maxPerSecond`, not even while the table fails or throttles. */
export const rates: Rule = ({ recorder, providers, faultTimes }) =>
  providers.flatMap(({ key, maxPerSecond }) => {
    if (maxPerSecond === undefined) return [];
    const calls = [...recorder.histories]
      .flatMap(({ attempts }) => attempts)
      .filter(({ provider }) => provider === key)
      .map(({ begunAt }) => begunAt)
      .sort((a, b) => a - b);
    return SPANS_MS.flatMap((spanMs) => {
      const most = Math.floor((maxPerSecond * (spanMs + JITTER_MS)) / 1_000 + 1);
      const at = calls.find((from, place) => {
        const own = faultTimes.any(OF_TABLE, from - BLIND_MS, from) ? OWN_CALLS : 0;
        const next = calls[place + most + own];
        const tooFast = next !== undefined && next - from < spanMs;
        return (
          tooFast &&
          !faultTimes.any(DELAYING, from - BLIND_MS, next) &&
          !recorder.wrongClocks.overlaps(from - BLIND_MS, next)
        );
      });
      return at === undefined
        ? []
        : [`too fast: more than ${most} calls of ${key} in ${spanMs / 1_000} s, at ${new Date(at).toISOString()}`];
    });
  });
