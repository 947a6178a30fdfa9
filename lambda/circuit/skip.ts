import { defined } from '../platform/defined.ts';
import type { Skip } from './admission.ts';
import type { Circuit } from './circuit.ts';
import type { CircuitReading } from './circuit-store.ts';

const MINUTE_MS = 60_000;

/**
 * Returns the decision to skip a provider for a message. `until` is the time at which the decision may change, in epoch
 * milliseconds. By default it is the end of the isolation, of the hold or of the open state, if `reason` is one of these;
 * otherwise it is unknown. `timeScale` is the number of seconds of stack time in one second of the clock: on a local stack, stack
 * time may run faster.
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
 * Returns a rank that is higher if an attempt is less likely to succeed. If a message has no other provider left, the skipped
 * provider with the lowest rank may be tried nevertheless (it is forced). A provider that can be used again soon has a lower rank
 * than a provider with an outage, and an outage has a lower rank than a refused account. A provider that is isolated or unready
 * is never forced.
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
      // `held` means that the provider has throttled. If it must not be called for half an hour, the rank is about the rank of an
      // outage. If the time is an hour, the rank is higher than all other finite ranks.
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
