import { parseArguments, refuseArguments, UsageError, wholeNumber } from '../cli/usage.ts';
import { defined } from '../lambda/platform/defined.ts';
import { FAULT_KINDS, type FaultKind } from './faults/kinds.ts';

export const CHAOS_USAGE = `npm run chaos -- [options]

Runs the sender's real code against a simulated world with faults, and counts lost mail, duplicates and their causes.

  --seeds N        number of seeds (10), from --first (1)
  --seed N         only this seed
  --mails N        submissions of each seed (10000)
  --faults A,B     only these kinds of faults, in every seed; "none" for no faults
  --without A,B    all kinds of faults except these
  --until HOURS    end faults and new mail after this number of hours
  --scenario outage   all providers down for four days with 50,000 mails waiting
  --jobs N         processes (one per core)
  --report FILE    writes the counters as a test report
  --trace          prints every event; the line of each seed has the hash of its events

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

/**
 * Parses the arguments of the command; returns undefined for `--help`.
 *
 * @throws UsageError with a text that lists the valid values
 */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArguments(argv, {
    seeds: text,
    first: text,
    seed: text,
    mails: text,
    faults: text,
    without: text,
    until: text,
    scenario: text,
    jobs: text,
    report: text,
    trace: flag,
    help: { ...flag, short: 'h' },
  });
  if (values.help) return undefined;
  refuseArguments(positionals);
  const first = whole('first', values.first ?? '1');
  const { scenario } = values;
  if (scenario !== undefined && scenario !== 'outage')
    throw new UsageError(`--scenario takes outage, not "${scenario}"`);
  return {
    seeds:
      values.seed === undefined
        ? Array.from({ length: whole('seeds', values.seeds ?? (scenario ? '1' : '10')) }, (_, place) => first + place)
        : [whole('seed', values.seed)],
    mails: whole('mails', values.mails ?? (scenario ? '50000' : '10000')),
    ...defined({
      faults: values.faults === undefined ? undefined : values.faults === 'none' ? [] : kinds('faults', values.faults),
    }),
    without: values.without === undefined ? [] : kinds('without', values.without),
    ...defined({
      untilHours: values.until === undefined ? undefined : whole('until', values.until),
      scenario,
      jobs: values.jobs === undefined ? undefined : whole('jobs', values.jobs),
      report: values.report,
    }),
    trace: values.trace ?? false,
  };
}

function whole(option: string, given: string): number {
  return wholeNumber(option, given, 1, Number.MAX_SAFE_INTEGER);
}

function kinds(name: string, text: string): FaultKind[] {
  return text.split(',').map((kind) => {
    const known = FAULT_KINDS.find((one) => one === kind);
    if (!known) throw new UsageError(`--${name} takes some of ${FAULT_KINDS.join(', ')}, not "${kind}"`);
    return known;
  });
}
