import { writeFileSync } from 'node:fs';
import { loadReleases } from '../../chaos/releases/load.ts';
import { runSeed } from '../../chaos/seed.ts';
import {
  type ExitCode,
  parseArguments,
  refuseArguments,
  runCommand,
  UsageError,
  wholeNumber,
} from '../../cli/usage.ts';
import { DEFECTS } from './defects/all.ts';

const USAGE = `npm run test:defects -- [options]

Plants each defect and runs seeds that were not chosen for it: a defect that no seed finds is a gap in the oracle.

  --defect NAME    only this defect; may be given several times
  --every N        only every n-th defect of the list (1)
  --seeds N        seeds for each defect (5), from --first (1)
  --mails N        submissions of each seed (1000)
  --quick          goes on to the next defect when one seed has found it
  --report FILE    writes the counters as a test report

Exit code: 0 every defect was found, 1 not, 2 wrong usage.
`;

async function main(): Promise<ExitCode> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArguments(process.argv.slice(2), {
    defect: { ...text, multiple: true },
    first: text,
    seeds: text,
    mails: text,
    every: text,
    quick: flag,
    report: text,
    help: { ...flag, short: 'h' },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  refuseArguments(positionals);
  const whole = (option: 'first' | 'seeds' | 'mails' | 'every', otherwise: string) =>
    wholeNumber(option, values[option] ?? otherwise, 1, Number.MAX_SAFE_INTEGER);
  const [first, seeds, mails, every] = [
    whole('first', '1'),
    whole('seeds', '5'),
    whole('mails', '1000'),
    whole('every', '1'),
  ];
  const all = Object.keys(DEFECTS);
  const names = values.defect ?? all.filter((_, place) => place % every === 0);
  const unknown = names.find((name) => !Object.hasOwn(DEFECTS, name));
  if (unknown !== undefined)
    throw new UsageError(`--defect takes one of these, not "${unknown}":\n  ${all.join('\n  ')}`);
  let missed = 0;
  for (const name of names) {
    const defect = DEFECTS[name];
    if (!defect) continue;
    const releases = await loadReleases(defect);
    const begun = performance.now();
    let found = 0;
    let ran = 0;
    const as = new Set<string>();
    for (; ran < seeds && !(values.quick && found > 0); ran += 1) {
      const seed = first + ran;
      const { verdict } = await runSeed({ seed, mails, allowsLoops: defect.allowsLoops }, releases);
      const kinds = verdict.violations.flatMap((one) => defect.foundAs.filter((kind) => one.startsWith(kind)));
      if (kinds.length > 0) found += 1;
      for (const kind of kinds) as.add(kind);
    }
    if (found === 0) missed += 1;
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    process.stdout.write(
      `${found > 0 ? 'found ' : 'MISSED'} ${found} of ${ran}  ${name}  (${[...as].join(', ') || 'nothing'}; ${seconds} s)\n`,
    );
  }
  const passed = names.length - missed;
  if (values.report !== undefined)
    writeFileSync(
      values.report,
      JSON.stringify({ success: missed === 0, numPassedTests: passed, numFailedTests: missed, testResults: [] }),
    );
  process.stdout.write(`${passed} passed, ${missed} failed\n`);
  return missed > 0 ? 1 : 0;
}

process.exitCode = await runCommand('test:defects', { err: (text) => process.stderr.write(text) }, main);
