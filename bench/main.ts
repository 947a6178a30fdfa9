import { type ExitCode, parseArguments, refuseArguments, runCommand, UsageError } from '../cli/usage.ts';
import { type Figure, machine, shortOf, table } from './figure.ts';

// If the measurement takes longer than this, the benchmark fails.
const LIMIT_MS = 1_200_000;
setTimeout(() => {
  process.stderr.write(`bench: not done after ${LIMIT_MS / 1000} s\n`);
  process.exit(1);
}, LIMIT_MS).unref();

type Part = readonly [name: string, label: string, measure: (mails?: number) => Promise<Figure[]>];

// The module of a part is imported only when the part is measured, since the import of all parts takes seconds.
const PARTS: readonly Part[] = [
  [
    'first',
    'the first mail of a new process, beside SDKs imported at once',
    async () => (await import('./deployed/first-mail.ts')).measureFirstMail(),
  ],
  [
    'cpu',
    'mails in batches of ten over each type, beside its SDK',
    async () => (await import('./deployed/batches.ts')).measureBatches(),
  ],
  ['dollars', 'what a million mails cost', async () => (await import('./deployed/dollars.ts')).measureDollars()],
  [
    'ready',
    'new processes of the other functions, beside one with the logger',
    async () => (await import('./import-time.ts')).measureImport(),
  ],
  [
    'telemetry',
    'logging and metrics, beside Powertools for each mail',
    async () => (await import('./telemetry.ts')).measureTelemetry(),
  ],
  ['mail', 'a mail that is accepted at once', async () => (await import('./mail.ts')).measureMail()],
  [
    'memory',
    'the largest submissions, in the memory of the function',
    async () => (await import('./memory.ts')).measureMemory(),
  ],
  [
    'stack',
    'npm start, 1,000 submissions, a large attachment',
    async () => (await import('./running-stack.ts')).measureStack(),
  ],
  [
    'outage',
    'a worker whose first provider is broken, beside a naive chain',
    async (mails) => (await import('./outage.ts')).measureOutage(mails),
  ],
  [
    'peers',
    'the same outages with what one would use instead',
    async () => (await import('./peers.ts')).measurePeers(),
  ],
];

/** Measures all parts, or the part that the command line names. */
async function main(): Promise<ExitCode> {
  const { positionals, values } = parseArguments(process.argv.slice(2), { help: { type: 'boolean', short: 'h' } });
  const names = PARTS.map(([name]) => name).join(', ');
  if (values.help) {
    process.stdout.write(`npm run bench                    measures ${names}
npm run bench -- PART            that part only
npm run bench -- outage MAILS    with that number of mails (default 200)
`);
    return 0;
  }
  const [only, ...rest] = positionals;
  if (only !== undefined && !PARTS.some(([name]) => name === only))
    throw new UsageError(`there is no part "${only}"; there are ${names}`);
  const [mails, ...more] = only === 'outage' ? rest : [undefined, ...rest];
  refuseArguments(more.filter((one) => one !== undefined));
  if (mails !== undefined && !/^[1-9]\d{0,6}$/.test(mails))
    throw new UsageError(`the number of mails is a whole number from 1, not "${mails}"`);
  const figures: Figure[] = [];
  const took: string[] = [];
  for (const [name, label, measure] of PARTS) {
    if (only !== undefined && only !== name) continue;
    process.stderr.write(`measuring ${label} …\n`);
    const begun = performance.now();
    figures.push(...(await measure(mails === undefined ? undefined : Number(mails))));
    took.push(`${name} ${inSeconds(performance.now() - begun)}`);
  }
  const times = `Took ${inSeconds(performance.now())}: ${took.join(', ')}.`;
  process.stdout.write(`${machine()}\n${table(figures)}\n${shortOf(figures)}\n${times}\n`);
  return 0;
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

process.exitCode = await runCommand('bench', { err: (text) => process.stderr.write(text) }, main);
