import { defined } from '../../lambda/platform/defined.ts';
import { FLAG, HELP, parseArguments, refuseArguments, TEXT, UsageError } from '../usage.ts';

/** The options from the command line, or their defaults. */
export interface QueuesOptions {
  readonly what: 'list' | 'remove' | 'close' | 'open';
  readonly stack: string;
  /** AWS region; absent: the region that the AWS SDK finds by itself. */
  readonly region?: string;
  readonly json: boolean;
}

/** The text that `--help` prints, also printed after a usage error. */
export const QUEUES_USAGE = `npm run queues [-- options]

Lists the queues of a deployed stack, and the queues that removed providers or a deleted stack left behind.

  --remove             deletes the empty queues that were left behind, with their event source mappings
  --close              makes the outbound queue refuse new mail of all producers; exit code 1 while mail still waits
  --open               makes the outbound queue accept mail again
  --stack NAME         name of the stack (default Mailover)
  --region REGION      region of the stack (default: as the AWS SDK finds it)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

const STACK = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseQueuesOptions(argv: readonly string[]): QueuesOptions | undefined {
  const { values, positionals } = parseArguments(argv, {
    remove: FLAG,
    close: FLAG,
    open: FLAG,
    stack: TEXT,
    region: TEXT,
    json: FLAG,
    help: HELP,
  });
  if (values.help) return undefined;
  refuseArguments(positionals);
  const [what = 'list', ...more] = (['remove', 'close', 'open'] as const).filter((one) => values[one]);
  if (more.length > 0) throw new UsageError(`give one of --${[what, ...more].join(' and --')}`);
  const { stack = 'Mailover', region, json = false } = values;
  if (!STACK.test(stack)) throw new UsageError(`"${stack}" cannot be the name of a stack`);
  return { what, stack, json, ...defined({ region }) };
}
