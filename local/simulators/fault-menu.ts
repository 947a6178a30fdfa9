import type { Fault } from '../faults/faults.ts';
import { simulatedType } from './registry.ts';

/** A fault of one provider type that the user can choose by its name. */
export interface NamedFault {
  readonly id: string;
  readonly label: string;
  /** Text that describes the provider's answer to the user. */
  readonly detail: string;
  readonly faults: readonly Fault[];
}

/** Returns the faults of a provider type that the user can choose on the console page. */
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
    named('hanging', 'hangs', [{ network: 'hang', on: 'all' }], 'accepts the request and never answers'),
    named('refused', 'API refuses everything', [badMessage]),
    named('throttled', 'throttles', [throttled]),
    named('failed', `answers ${failed.respond?.status ?? failed.smtp?.reply.slice(0, 3)}`, [failed]),
    named('closed', 'refuses connections', [{ network: 'refuse', on: 'all' }], 'its port is closed'),
    named(
      'lost',
      'accepts, then the answer is lost',
      [{ network: 'reset-after-accept' }],
      'accepts the mail and resets the connection',
    ),
  ];
}

function detailOf(faults: readonly Fault[]): string {
  const { respond, smtp } = faults[0] ?? {};
  if (smtp) return `${smtp.reply} (at ${smtp.stage})`;
  return respond ? `HTTP ${respond.status} ${respond.body ?? ''}`.trim() : '';
}

/**
 * Returns the id of the menu's fault that is set. Returns undefined if no fault is set, and `other` if the set fault is not in
 * the menu.
 */
export function faultInForce(type: string, faults: readonly Fault[]): string | undefined {
  if (faults.length === 0) return undefined;
  const given = JSON.stringify(faults);
  return faultMenu(type).find((named) => JSON.stringify(named.faults) === given)?.id ?? 'other';
}
