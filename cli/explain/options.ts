import { defined } from '../../lambda/platform/defined.ts';
import { parseArguments, UsageError } from '../usage.ts';

/** Options of the command line. */
export interface ExplainOptions {
  /** File with the submission; `-` is standard input. */
  readonly file: string;
  /** Id to assume for the submission. */
  readonly id?: string;
  readonly json: boolean;
  /** Source of circuits, switches and ledger; absent: the explanation uses the configuration alone. */
  readonly live?: { readonly kind: 'local' } | { readonly kind: 'table'; readonly name: string };
}

/** Printed by `--help`. */
export const EXPLAIN_USAGE = `npm run explain -- FILE [options]

  FILE           a submission as JSON; "-" reads it from standard input
  --id ID        assumes this id: share and weight are drawn from the id
  --local        reads the running local stack: circuits, operators' switches, objects, providers of a superseded mail
  --table NAME   reads a deployed state table (stack output StateTableName) with the current AWS credentials
  --json         prints JSON

Sends nothing and calls no provider. The configuration is that of bin/mailover.ts.
Exit code: 0 there is a provider to try, 1 it would be dead-lettered, 2 wrong usage.`;

/** Parses the command line; `undefined` for `--help`. */
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
    ...defined({ id: values.id }),
    ...(values.local && { live: { kind: 'local' } }),
    ...(values.table !== undefined && { live: { kind: 'table', name: values.table } }),
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  return parseArguments(argv, { id: text, local: flag, table: text, json: flag, help: { ...flag, short: 'h' } });
}
