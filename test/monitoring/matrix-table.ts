import { MATRIX, type Situation, type Traffic } from './alarm-matrix.ts';

const TRAFFIC = ['traffic', 'low', 'none'] as const;

/** The alarm matrix as the runbook shows it. */
export function matrixTable(): string {
  const rows = MATRIX.map(
    (situation) => `| ${[situation.fault, ...TRAFFIC.map((one) => cell(situation, one))].join(' | ')} |`,
  );
  return ['| the provider … | traffic | low traffic | no traffic |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function cell({ alarms, perhaps = [] }: Situation, traffic: Traffic): string {
  const certain = alarms[traffic].join(', ') || 'none';
  return traffic === 'traffic' && perhaps.length > 0
    ? `${certain}; ${perhaps.join(', ')} from two workers on`
    : certain;
}
