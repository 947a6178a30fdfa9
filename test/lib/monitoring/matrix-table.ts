import { MATRIX, type Situation, smallAlarms, type Traffic } from './alarm-matrix.ts';
import type { Trouble } from './own-matrix.ts';

const TRAFFIC = ['traffic', 'low', 'none'] as const;

/** Returns the alarm matrix as a table for the runbook. */
export function matrixTable(): string {
  const rows = MATRIX.map((situation) => {
    const small = smallAlarms(situation).join(', ') || 'none';
    return `| ${[situation.fault, ...TRAFFIC.map((one) => cell(situation, one)), small].join(' | ')} |`;
  });
  return [
    '| the provider … | traffic | low traffic | no traffic | `small`, traffic |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...unseen(),
    '',
  ].join('\n');
}

function cell({ alarms, perhaps = [] }: Situation, traffic: Traffic): string {
  const certain = alarms[traffic].join(', ') || 'none';
  return traffic === 'traffic' && perhaps.length > 0
    ? `${certain}; with two or more workers also ${perhaps.join(', ')}`
    : certain;
}

/** Lists the faults that raise no alarm, with the reasons. */
function unseen(): string[] {
  return MATRIX.flatMap(({ fault, unseen: why }) =>
    why ? [`- No alarm is raised for a provider that ${fault}. Reason: ${why}.`] : [],
  );
}

/** Returns a table for the runbook with the troubles that are not about a single provider. */
export function troubleTable(troubles: readonly Trouble[]): string {
  const rows = troubles.map(({ trouble, alarms, small }) => `| ${trouble} | ${listed(alarms)} | ${listed(small)} |`);
  return ['| fault | alarms | alarms where `monitoring.size` is `small` |', '|---|---|---|', ...rows, ''].join('\n');
}

function listed(alarms: readonly string[]): string {
  return alarms.join(', ') || 'none';
}
