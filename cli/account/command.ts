import { MOST_NAMED, type SubmissionAccount, takeAccount } from '../../lambda/account/account.ts';
import { recordsOf } from '../../lambda/account/records.ts';
import { STANDINGS } from '../../lambda/contract/metric-outcomes.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import { type PausedClasses, readPaused } from '../../lambda/reputation/paused-classes.ts';
import { pauseInJson, pauseInWords } from '../operate/pauses.ts';
import { findTable, type TableTarget } from '../operate/target.ts';
import { type ExitCode, parseArguments, runCommand, UsageError } from '../usage.ts';

const USAGE = `npm run account [-- options]

Counts every submission of the last 30 days that was taken from a queue: accepted, waiting, in flight, dead or suppressed.
Paused classes, whose mail waits, are named.
The rest is lost: its record names a message that should have come back more than an hour ago.

  --table NAME         a deployed state table (stack output StateTableName) instead of the local stack
  --region REGION      region of that table (default: as the AWS SDK finds it)
  --json               prints the result as JSON

Exit code: 0 none is lost, 1 some are, or the table cannot be read, 2 wrong usage.`;

/** Runs `npm run account` from its arguments to its exit code. */
export async function accountCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  terminal: { readonly out: (line: string) => void; readonly err: (text: string) => void },
): Promise<ExitCode> {
  return await runCommand('account', terminal, async () => {
    const options = parse(argv);
    if (options === undefined) {
      terminal.out(USAGE);
      return 0;
    }
    const target = await findTable(options, environment['MAILOVER_PORT']);
    const account = await takeAccount(recordsOf(target.tableName, target.access), Date.now, speedOf(target));
    const { paused } = await readPaused(target.table);
    for (const line of options.json ? [inJson(account, paused)] : inWords(account, paused, target)) terminal.out(line);
    return account.counts.lost > 0 ? 1 : 0;
  });
}

function parse(argv: readonly string[]) {
  const { values, positionals } = parseArguments(argv, {
    table: { type: 'string' },
    region: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const { table, region, json = false } = values;
  if (values.help) return undefined;
  if (positionals.length > 0) throw new UsageError(`account takes options only, not "${positionals[0]}"`);
  if (region !== undefined && table === undefined) throw new UsageError('--region goes with --table NAME');
  return { json, ...defined({ table, region }) };
}

/** Speed of the stack time; nothing for a deployed stack. Hours of a local stack may be shorter than an hour. */
function speedOf({ time }: TableTarget) {
  return time ? { timeScale: time.scale, timeScaleSince: time.since } : {};
}

function inJson({ lost, ...account }: SubmissionAccount, paused: PausedClasses['paused']): string {
  const named = lost.map(({ id, dueAt }) => ({ id, dueAt: isoTime(dueAt) }));
  const classes = Object.entries(paused).map(([name, pause]) => ({ class: name, ...pauseInJson(pause) }));
  return JSON.stringify({ ...account, lost: named, paused: classes }, null, 2);
}

function inWords(
  { taken, counts, lost }: SubmissionAccount,
  paused: PausedClasses['paused'],
  { name, commandLine }: TableTarget,
): string[] {
  const width = String(taken).length;
  return [
    `${taken} submissions were taken from the queues in the last 30 days (${name}):`,
    ...STANDINGS.map((one) => `  ${String(counts[one]).padStart(width)} ${one}`),
    ...Object.entries(paused).map(
      ([one, pause]) =>
        `paused: ${one} ${pauseInWords(pause)}; to send it again: ${commandLine(`npm run release -- --class ${quoted(one)}`)}`,
    ),
    ...lost.map(({ id, dueAt }) => `lost: ${id}, due at ${isoTime(dueAt)}`),
    ...(counts.lost > MOST_NAMED ? [`and ${counts.lost - MOST_NAMED} more`] : []),
  ];
}

/** A word for a shell: names of classes may have blanks. */
function quoted(name: string): string {
  return /^[\w.:@/-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
