import { runOutage } from '../../chaos/outage.ts';
import { loadReleases } from '../../chaos/releases/load.ts';

// This script runs in a process of its own. In a test runner the simulation could not tell when the asynchronous loading of a
// module has ended.
const [mails, loops] = process.argv.slice(2);
const { hash, verdict } = await runOutage(
  { seed: 1, mails: Number(mails), allowsLoops: loops === undefined ? undefined : loops === 'Allow' },
  await loadReleases(),
);
process.stdout.write(`\n${JSON.stringify({ hash, verdict })}`);
