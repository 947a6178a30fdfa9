import { measureBatches } from './deployed/batches.ts';
import { measureFirstMail } from './deployed/first-mail.ts';
import { type Figure, table } from './figure.ts';
import { measureImport } from './import-time.ts';
import { measureMail } from './mail.ts';
import { measureMemory } from './memory.ts';
import { measureOutage } from './outage.ts';
import { measureStack } from './running-stack.ts';
import { measureTelemetry } from './telemetry.ts';

// A measurement that takes longer than this is a failure by itself.
const LIMIT_MS = 1_200_000;
setTimeout(() => {
  process.stderr.write(`bench: not done after ${LIMIT_MS / 1000} s\n`);
  process.exit(1);
}, LIMIT_MS).unref();

/** `npm run bench -- outage` measures that part only, `npm run bench -- outage 20000` with that number of mails. */
const [only, mails] = process.argv.slice(2);

const figures: Figure[] = [];
for (const [name, label, measure] of [
  ['first', 'the first mail of a new process, beside SDKs imported at once', measureFirstMail],
  ['cpu', 'mails in batches of ten over each type, beside its SDK', measureBatches],
  ['import', 'a fresh process with the sender, beside one with the logger', measureImport],
  ['telemetry', 'logging and metrics, beside Powertools for each mail', measureTelemetry],
  ['mail', 'a mail that is accepted at once', measureMail],
  ['memory', 'the largest submissions, in the memory of the function', measureMemory],
  ['stack', 'npm start, 1,000 submissions, a large attachment', measureStack],
  [
    'outage',
    'a worker whose first provider is broken, beside a naive chain',
    () => measureOutage(Number(mails ?? 200)),
  ],
] as const) {
  if (only !== undefined && only !== name) continue;
  process.stderr.write(`measuring ${label} …\n`);
  figures.push(...(await measure()));
}
process.stdout.write(`${table(figures)}\n`);
