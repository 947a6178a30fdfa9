import { STANDINGS } from '../../lambda/contract/metric-outcomes.ts';
import { countSubmissions, MOST_NAMED, type SubmissionCounts } from '../../lambda/daily-count/count.ts';
import { recordsOf } from '../../lambda/daily-count/records.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import { type PausedClasses, readPaused } from '../../lambda/reputation/paused-classes.ts';
import { pauseInJson, pauseInWords } from '../operate/pauses.ts';
import { findTable, type TableTarget } from '../operate/target.ts';
import {
  type ExitCode,
  FLAG,
  HELP,
  parseArguments,
  printUsage,
  runCommand,
  TEXT,
  UsageError,
  type Variables,
} from '../usage.ts';

const USAGE = `npm run account [-- options]

Counts the submissions of the last 30 days that a worker has received: accepted, waiting, in flight, dead, suppressed or lost.
Lost: by its record, the message of the submission should have been received again more than an hour ago.
Lists the paused classes, whose mail waits.

  --table NAME         a deployed state table (stack output StateTableName) instead of the local stack
  --region REGION      region of that table (default: as the AWS SDK finds it)
  --json               prints the result as JSON

Exit code: 0 none is lost, 1 some are lost, or the table cannot be read, 2 wrong usage.`;

/** Runs `npm run account` with its arguments, and returns its exit code. */
export function accountCommand(
  argv: readonly string[],
  environment: Variables,
  terminal: { readonly out: (line: string) => void; readonly err: (text: string) => void },
): Promise<ExitCode> {
  return runCommand('account', terminal, async () => {
    const options = parse(argv);
    if (!options) return printUsage(terminal, USAGE);
    const target = await findTable(options, environment['MAILOVER_PORT']);
    const counted = await countSubmissions(recordsOf(target.tableName, target.access), Date.now, speedOf(target));
    const { paused } = await readPaused(target.table);
    for (const line of options.json ? [inJson(counted, paused)] : inWords(counted, paused, target)) terminal.out(line);
    return counted.counts.lost > 0 ? 1 : 0;
  });
}

function parse(argv: readonly string[]) {
  const { values, positionals } = parseArguments(argv, {
    table: TEXT,
    region: TEXT,
    json: FLAG,
    help: HELP,
  });
  const { table, region, json = false } = values;
  if (values.help) return undefined;
  if (positionals.length > 0) throw new UsageError(`account takes options only, not "${positionals[0]}"`);
  if (region !== undefined && table === undefined) throw new UsageError('--region goes with --table NAME');
  return { json, ...defined({ table, region }) };
}

/** Returns how much faster than real time a local stack runs. For a deployed stack returns an object without fields. */
function speedOf({ time }: TableTarget) {
  return time ? { timeScale: time.scale, timeScaleSince: time.since } : {};
}

function inJson({ lost, ...counted }: SubmissionCounts, paused: PausedClasses['paused']): string {
  const named = lost.map(({ id, dueAt }) => ({ id, dueAt: isoTime(dueAt) }));
  const classes = Object.entries(paused).map(([name, pause]) => ({ class: name, ...pauseInJson(pause) }));
  return JSON.stringify({ ...counted, lost: named, paused: classes }, null, 2);
}

function inWords(
  { taken, counts, lost }: SubmissionCounts,
  paused: PausedClasses['paused'],
  { name, commandLine }: TableTarget,
): string[] {
  const width = String(taken).length;
  return [
    `${taken} submissions were received from the queues in the last 30 days (${name}):`,
    ...STANDINGS.map((one) => `  ${String(counts[one]).padStart(width)} ${one}`),
    ...Object.entries(paused).map(
      ([one, pause]) =>
        `paused: ${one} ${pauseInWords(pause)}; to send its mail again: ${commandLine(`npm run release -- --class ${quoted(one)}`)}`,
    ),
    ...lost.map(({ id, dueAt }) => `lost: ${id}, due at ${isoTime(dueAt)}`),
    ...(counts.lost > MOST_NAMED ? [`and ${counts.lost - MOST_NAMED} more`] : []),
  ];
}

/** Quotes the name of a class of mail for a shell, since the name may contain spaces. */
function quoted(name: string): string {
  return /^[\w.:@/-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
}
