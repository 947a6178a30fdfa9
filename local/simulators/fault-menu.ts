import type { Fault } from '../faults/faults.ts';
import { simulatedType } from './registry.ts';

/** A fault under a plain name, with its form on the wire of one provider type. */
export interface NamedFault {
  readonly id: string;
  readonly label: string;
  /** The provider's answer, as a detail for the user. */
  readonly detail: string;
  readonly faults: readonly Fault[];
}

/** The faults of a provider type that the console offers. */
export function faultMenu(type: string): NamedFault[] {
  const { suspended, badMessage, throttled, failed } = simulatedType(type).faults;
  const named = (id: string, label: string, faults: readonly Fault[], detail = detailOf(faults)): NamedFault => ({
    id,
    label,
    detail,
    faults,
  });
  return [
    named('suspended', 'account suspended', suspended),
    named('hanging', 'hangs', [{ network: 'hang', on: 'all' }], 'takes the request and never answers'),
    named('refused', 'API refuses everything', [badMessage]),
    named('throttled', 'throttles', [throttled]),
    named('failed', `answers ${failed.respond?.status ?? failed.smtp?.reply.slice(0, 3)}`, [failed]),
    named('closed', 'refuses connections', [{ network: 'refuse', on: 'all' }], 'its port is closed'),
    named(
      'lost',
      'accepts, then the answer is lost',
      [{ network: 'reset-after-accept' }],
      'takes the mail and breaks the connection',
    ),
  ];
}

function detailOf(faults: readonly Fault[]): string {
  const { respond, smtp } = faults[0] ?? {};
  if (smtp) return `${smtp.reply} (at ${smtp.stage})`;
  return respond ? `HTTP ${respond.status} ${respond.body ?? ''}`.trim() : '';
}

/** Id of the fault in force; undefined for none, `other` for a fault that is not in the menu. */
export function faultInForce(type: string, faults: readonly Fault[]): string | undefined {
  if (faults.length === 0) return undefined;
  const given = JSON.stringify(faults);
  return faultMenu(type).find((named) => JSON.stringify(named.faults) === given)?.id ?? 'other';
}
