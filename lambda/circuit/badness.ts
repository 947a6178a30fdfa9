import type { Entry } from '../sender/gate.ts';
import type { Circuit } from './circuit.ts';

type Reason = Extract<Entry, { kind: 'skip' }>['reason'];

const MINUTE_MS = 60_000;

/**
 * How unlikely an attempt is to succeed, so that the least bad of several can be tried. What only needs a little time
 * comes before what is broken, a broken line before a closed account; what an operator isolated never gets a turn.
 */
export function badness(reason: Reason, circuit: Circuit, againAfterMs: number | undefined): number {
  switch (reason) {
    case 'warming':
      return 5;
    case 'rate':
      return 10;
    case 'probing':
      return circuit.kind === 'closed' ? 30 : 45;
    case 'held':
      // A hold of an hour is as good as an outage.
      return 20 + Math.min(60, (againAfterMs ?? 0) / MINUTE_MS);
    case 'open':
      if (circuit.kind === 'closed') return 40;
      return (circuit.cause.blames === 'account' ? 70 : 50) + Math.min(9, circuit.trips);
    case 'isolated':
      return Number.POSITIVE_INFINITY;
  }
}
