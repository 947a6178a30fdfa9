import { OF_CLOCKS, OF_TABLE } from '../../faults/troubles.ts';
import type { Rule } from '../case.ts';

/**
 * Calls that are due in a second and a quarter may arrive within one: clocks of processes differ by up to 100 ms, the way to a
 * provider by 75, the write before the call by 16, and a turn may be used 25 ms late.
 */
const JITTER = 1.25;
const BLIND_MS = 180_000;

/** No provider gets more calls in a second than it was configured for, as long as the workers share their slots over the table. */
export const rates: Rule = ({ chronicle, providers, troubles }) =>
  providers.flatMap(({ key, maxPerSecond }) => {
    if (maxPerSecond === undefined) return [];
    const calls = [...chronicle.stories]
      .flatMap(({ attempts }) => attempts)
      .filter(({ provider }) => provider === key)
      .map(({ begunAt }) => begunAt)
      .sort((a, b) => a - b);
    const most = Math.floor(JITTER * maxPerSecond + 1);
    const at = calls.find((from, place) => {
      const next = calls[place + most];
      const tooFast = next !== undefined && next - from < 1_000;
      return (
        tooFast && !troubles.any(OF_TABLE, from - BLIND_MS, next) && !troubles.any(OF_CLOCKS, from - 30 * 60_000, next)
      );
    });
    return at === undefined
      ? []
      : [`too fast: more than ${most} calls of ${key} in a second, at ${new Date(at).toISOString()}`];
  });
