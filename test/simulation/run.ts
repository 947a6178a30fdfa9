import type { FaultKind } from '../../chaos/faults/kinds.ts';
import { loadReleases } from '../../chaos/releases/load.ts';
import { runSeed } from '../../chaos/seed.ts';
import { forgetful, narrow, withoutLedger } from './mutants.ts';

// A process of its own, since a test runner loads modules in ways that the simulation cannot wait for.
const releases = { current: await loadReleases(), withoutLedger, forgetful, narrow };
const [release = 'current', seed, mails, faults] = process.argv.slice(2);
const { hash, verdict } = await runSeed(
  {
    seed: Number(seed),
    mails: Number(mails),
    ...(faults !== undefined && { faults: faults.split(',').filter(Boolean) as FaultKind[] }),
  },
  releases[release as keyof typeof releases],
);
process.stdout.write(JSON.stringify({ hash, verdict }));
