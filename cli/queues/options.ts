import { defined } from '../../lambda/platform/defined.ts';
import { parseArguments, refuseArguments, UsageError } from '../usage.ts';

/** Options of the command line, with defaults. */
export interface QueuesOptions {
  readonly what: 'list' | 'remove' | 'close' | 'open';
  readonly stack: string;
  /** Absent: as the AWS SDK finds it. */
  readonly region?: string;
  readonly json: boolean;
}

/** Printed by `--help` and after a usage error. */
export const QUEUES_USAGE = `npm run queues [-- options]

Lists the queues of a deployed stack, and those that it left behind: of removed providers, and of a deleted stack.

  --remove             deletes the left queues that are empty, with their consumers
  --close              the outbound queue refuses new mail, for all producers; exit code 1 while mail still waits
  --open               the outbound queue takes mail again
  --stack NAME         name of the stack (default Mailover)
  --region REGION      region of the stack (default: as the AWS SDK finds it)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

const STACK = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** Reads the command line; `undefined` for `--help`. */
export function parseQueuesOptions(argv: readonly string[]): QueuesOptions | undefined {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArguments(argv, {
    remove: flag,
    close: flag,
    open: flag,
    stack: text,
    region: text,
    json: flag,
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return undefined;
  refuseArguments(positionals);
  const [what = 'list', ...more] = (['remove', 'close', 'open'] as const).filter((one) => values[one]);
  if (more.length > 0) throw new UsageError(`give one of --${[what, ...more].join(' and --')}`);
  const { stack = 'Mailover', region, json = false } = values;
  if (!STACK.test(stack)) throw new UsageError(`"${stack}" cannot be the name of a stack`);
  return { what, stack, json, ...defined({ region }) };
}
