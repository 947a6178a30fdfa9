import type { FaultKind } from '../../chaos/faults/kinds.ts';
import { loadReleases } from '../../chaos/releases/load.ts';
import { runSeed } from '../../chaos/seed.ts';
import { DEFECTS } from './defects/all.ts';

// This script runs in a process of its own: a test runner loads modules in ways for which the simulation cannot wait.
const [release = 'current', seed, mails, faults] = process.argv.slice(2);
const { hash, verdict } = await runSeed(
  {
    seed: Number(seed),
    mails: Number(mails),
    allowsLoops: DEFECTS[release]?.allowsLoops,
    ...(faults !== undefined && { faults: faults.split(',').filter(Boolean) as FaultKind[] }),
  },
  await loadReleases(DEFECTS[release]),
);
process.stdout.write(JSON.stringify({ hash, verdict }));
