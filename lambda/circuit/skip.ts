import { defined } from '../platform/defined.ts';
import type { Skip } from './admission.ts';
import type { Circuit } from './circuit.ts';
import type { CircuitReading } from './circuit-store.ts';

const MINUTE_MS = 60_000;

/**
 * The decision not to admit a message. `until` is the time at which it may change, in epoch milliseconds; by default the
 * end of the isolation, the hold or the open circuit.
 */
export function skip(
  reason: Skip['reason'],
  { circuit, hold, isolation }: CircuitReading,
  { now, timeScale }: { readonly now: number; readonly timeScale: number },
  until?: number,
): Skip {
  const ends: Partial<Record<Skip['reason'], number | undefined>> = {
    isolated: isolation?.until,
    held: hold?.until,
    open: circuit.kind === 'open' ? circuit.until : undefined,
  };
  const end = until ?? ends[reason];
  const againAfterMs = end === undefined ? undefined : Math.max(0, end - now) * timeScale;
  return {
    kind: 'skip',
    reason,
    rank: rank(reason, circuit, againAfterMs),
    ...defined({ againAfterMs }),
  };
}

/**
 * Returns a rank that is higher if an attempt is less likely to succeed; of several skipped providers, the one with the lowest
 * rank is forced. A provider that is free again soon has a lower rank than a provider that is down, and an outage has a lower
 * rank than a refused account. An isolated provider is never forced.
 */
function rank(reason: Skip['reason'], circuit: Circuit, againAfterMs: number | undefined): number {
  switch (reason) {
    case 'warming':
      return 5;
    case 'rate':
      return 10;
    case 'probing':
      return circuit.kind === 'closed' ? 30 : 45;
    case 'held':
      // A hold of an hour is as bad as an outage.
      return 20 + Math.min(60, (againAfterMs ?? 0) / MINUTE_MS);
    case 'open':
    case 'quiet':
      if (circuit.kind === 'closed') return 40;
      return (circuit.cause.blames === 'account' ? 70 : 50) + Math.min(9, circuit.trips);
    case 'isolated':
    case 'unready':
      return Number.POSITIVE_INFINITY;
  }
}
