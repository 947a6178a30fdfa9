import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './faults/kinds.ts';

export const CHAOS_USAGE = `npm run chaos -- [options]

Runs the sender's real code against a simulated world with faults, and counts lost mail, duplicates and their causes.

  --seeds N        how many seeds (10), from --first (1)
  --seed N         only this seed
  --mails N        submissions of each seed (10000)
  --faults A,B     only these kinds of faults, in every seed; "none" for none
  --without A,B    never these kinds
  --until HOURS    end faults and new mail after this number of hours
  --scenario outage   all providers down for four days with 50,000 mails waiting
  --jobs N         processes (one per core)
  --report FILE    writes the counters as a test report
  --trace          prints every event; the last line has its hash

Faults: ${FAULT_KINDS.join(', ')}
`;

export interface Arguments {
  readonly seeds: readonly number[];
  readonly mails: number;
  readonly faults?: readonly FaultKind[];
  readonly without: readonly FaultKind[];
  readonly untilHours?: number;
  readonly scenario?: 'outage';
  readonly jobs?: number;
  readonly report?: string;
  readonly trace: boolean;
}

/** Reads the command line. Throws an error with the valid values; `undefined` for `--help`. */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seeds: { type: 'string' },
      first: { type: 'string' },
      seed: { type: 'string' },
      mails: { type: 'string' },
      faults: { type: 'string' },
      without: { type: 'string' },
      until: { type: 'string' },
      scenario: { type: 'string' },
      jobs: { type: 'string' },
      report: { type: 'string' },
      trace: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const first = whole('first', values.first ?? '1');
  const { scenario } = values;
  if (scenario !== undefined && scenario !== 'outage')
    throw new Error(`--scenario: given ${scenario}; expected outage`);
  return {
    seeds:
      values.seed === undefined
        ? Array.from({ length: whole('seeds', values.seeds ?? (scenario ? '1' : '10')) }, (_, place) => first + place)
        : [whole('seed', values.seed)],
    mails: whole('mails', values.mails ?? (scenario ? '50000' : '10000')),
    ...(values.faults !== undefined && { faults: values.faults === 'none' ? [] : kinds('faults', values.faults) }),
    without: values.without === undefined ? [] : kinds('without', values.without),
    ...(values.until !== undefined && { untilHours: whole('until', values.until) }),
    ...(scenario && { scenario }),
    ...(values.jobs !== undefined && { jobs: whole('jobs', values.jobs) }),
    ...(values.report !== undefined && { report: values.report }),
    trace: values.trace ?? false,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name}: given ${text}; expected a whole number from 1`);
  return value;
}

function kinds(name: string, text: string): FaultKind[] {
  return text.split(',').map((kind) => {
    const known = FAULT_KINDS.find((one) => one === kind);
    if (!known) throw new Error(`--${name}: given ${kind}; expected some of ${FAULT_KINDS.join(', ')}`);
    return known;
  });
}
