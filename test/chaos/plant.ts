import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadReleases } from '../../chaos/releases/load.ts';
import { runSeed } from '../../chaos/seed.ts';
import { DEFECTS } from './defects/all.ts';

// Plants each defect and runs seeds that were not chosen for it: a defect that no seed finds is a gap in the oracle.
const { values } = parseArgs({
  options: {
    defect: { type: 'string', multiple: true },
    first: { type: 'string', default: '1' },
    /** Seeds for each defect. */
    seeds: { type: 'string', default: '5' },
    mails: { type: 'string', default: '1000' },
    /** Plants only every n-th defect of the list. */
    every: { type: 'string', default: '1' },
    /** Continues with the next defect when one seed has found it. */
    quick: { type: 'boolean', default: false },
    report: { type: 'string' },
  },
});
const names = values.defect ?? Object.keys(DEFECTS).filter((_, place) => place % Number(values.every) === 0);
let missed = 0;
for (const name of names) {
  const defect = DEFECTS[name];
  if (!defect) throw new Error(`--defect: given ${name}; expected one of ${Object.keys(DEFECTS).join(', ')}`);
  const releases = await loadReleases(defect);
  const begun = performance.now();
  let found = 0;
  let ran = 0;
  const as = new Set<string>();
  for (; ran < Number(values.seeds) && !(values.quick && found > 0); ran += 1) {
    const seed = Number(values.first) + ran;
    const { verdict } = await runSeed({ seed, mails: Number(values.mails), allowsLoops: defect.allowsLoops }, releases);
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
if (missed > 0) process.exitCode = 1;
