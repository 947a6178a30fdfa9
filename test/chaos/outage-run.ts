import { runOutage } from '../../chaos/outage.ts';
import { loadReleases } from '../../chaos/releases/load.ts';

// A process of its own, since a test runner loads modules in ways that the simulation cannot wait for.
const [mails, loops] = process.argv.slice(2);
const { hash, verdict } = await runOutage(
  { seed: 1, mails: Number(mails), allowsLoops: loops === undefined ? undefined : loops === 'Allow' },
  await loadReleases(),
);
process.stdout.write(`\n${JSON.stringify({ hash, verdict })}`);
