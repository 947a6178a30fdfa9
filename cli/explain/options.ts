import { defined } from '../../lambda/platform/defined.ts';
import { FLAG, HELP, parseArguments, TEXT, UsageError } from '../usage.ts';

/** The options from the command line. */
export interface ExplainOptions {
  /** Name of the file with the submission; `-` means standard input. */
  readonly file: string;
  /** The explanation assumes that the submission has this id. */
  readonly id?: string;
  readonly json: boolean;
  /**
   * Stack from which the state is read: circuit breakers, isolations of providers, and records of submissions. Absent: the
   * explanation uses only the configuration.
   */
  readonly live?: { readonly kind: 'local' } | { readonly kind: 'table'; readonly name: string };
}

/** The text that `--help` prints. */
export const EXPLAIN_USAGE = `npm run explain -- FILE [options]

  FILE           a submission as JSON; "-" reads it from standard input
  --id ID        assumes this id: the draws for share and weight depend on the id
  --local        reads the running local stack: circuit breakers, isolations, objects in S3,
                 and the providers that accepted a superseded submission
  --table NAME   reads a deployed state table (stack output StateTableName) with the current AWS credentials
  --json         prints JSON

Sends nothing and calls no provider. The configuration is that of bin/mailover.ts.
Exit code: 0 a provider would be tried, 1 the submission would be dead-lettered, 2 wrong usage.`;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseExplainOptions(argv: readonly string[]): ExplainOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError('give one file with a submission, or - for standard input');
  if (values.local && values.table !== undefined) throw new UsageError('--local and --table NAME exclude each other');
  return {
    file,
    json: values.json ?? false,
    ...defined({ id: values.id, live: liveOf(values) }),
  };
}

function liveOf({ local, table }: ReturnType<typeof parse>['values']): ExplainOptions['live'] {
  if (local) return { kind: 'local' };
  return table === undefined ? undefined : { kind: 'table', name: table };
}

function parse(argv: readonly string[]) {
  return parseArguments(argv, { id: TEXT, local: FLAG, table: TEXT, json: FLAG, help: HELP });
}
