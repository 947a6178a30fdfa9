import { defined } from '../../lambda/platform/defined.ts';
import { FLAG, HELP, milliseconds, parseArguments, TEXT, UsageError } from '../usage.ts';

/** The options from the command line, or their defaults. */
export interface OperateOptions {
  readonly what:
    | { readonly kind: 'show' }
    | { readonly kind: 'doubted' }
    | { readonly kind: 'isolate'; readonly provider: string; readonly reason: string; readonly forMs: number }
    | { readonly kind: 'release'; readonly provider: string }
    | { readonly kind: 'resume'; readonly class: string };
  /** Name of a deployed state table; absent: the state table of the local stack is used. */
  readonly table?: string;
  /** AWS region of the deployed table; absent: the region that the AWS SDK finds by itself. */
  readonly region?: string;
  /** Name of the operator; absent: the user name and the host name of this machine. */
  readonly who?: string;
  readonly json: boolean;
}

/** The text that `--help` prints, also printed after a usage error. */
export const OPERATE_USAGE = `npm run isolate -- PROVIDER --reason TEXT [--for 2h] [options]
npm run release -- PROVIDER [options]
npm run release -- --class NAME [options]
npm run isolate                          shows which providers are isolated
npm run doubted                          lists recipients that were given up because of refusals that are in doubt

An isolated provider gets no mail: the other providers send the mail, or it waits. All workers apply this within ten
seconds. A class of mail is paused automatically when too many of its recipients bounce or complain. After its release,
waiting mail is sent at its next try, and bounces and complaints count again from the next full hour on.

  --reason TEXT        the reason, for the operator on call
  --for TIME           30m, 2h or 3d, from 1m to 30d (default 24h), in stack time (a local stack may run faster than real time);
                       the isolation ends by itself after this time
  --class NAME         for release: a paused class; npm run account shows them
  --table NAME         a deployed state table (stack output StateTableName) instead of the local stack
  --region REGION      region of that table (default: as the AWS SDK finds it)
  --who NAME           your name (default: your user name and the name of this machine)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

const DEFAULT_FOR = '24h';
const MOST_DAYS = 30;
const KEY = /^[a-z][a-z0-9-]{0,31}$/;
const MOST_REASON = 200;

/** Reads the command line of `isolate`, `release` or `doubted`. Returns `undefined` if it has `--help`. */
export function parseOperateOptions(command: string | undefined, argv: readonly string[]): OperateOptions | undefined {
  if (command !== 'isolate' && command !== 'release' && command !== 'doubted')
    throw new UsageError(`there are "isolate", "release" and "doubted", not "${command ?? ''}"`);
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const { table, region, who } = values;
  if (region !== undefined && table === undefined) throw new UsageError('--region goes with --table NAME');
  return {
    what: whatOf(command, positionals, values),
    json: values.json ?? false,
    ...defined({ table, region, who }),
  };
}

function parse(argv: readonly string[]) {
  return parseArguments(argv, {
    reason: TEXT,
    for: TEXT,
    class: TEXT,
    table: TEXT,
    region: TEXT,
    who: TEXT,
    json: FLAG,
    help: HELP,
  });
}

function whatOf(
  command: 'isolate' | 'release' | 'doubted',
  [provider, ...more]: readonly string[],
  { reason, for: time, class: name }: { readonly reason?: string; readonly for?: string; readonly class?: string },
): OperateOptions['what'] {
  if (name !== undefined) {
    if (command !== 'release') throw new UsageError('--class goes with release only');
    if (provider !== undefined || reason !== undefined || time !== undefined)
      throw new UsageError('release takes a provider or --class NAME, and no --reason and no --for');
    return { kind: 'resume', class: name };
  }
  if (command === 'doubted') {
    if (provider !== undefined || reason !== undefined || time !== undefined)
      throw new UsageError('doubted takes no provider, no --reason and no --for');
    return { kind: 'doubted' };
  }
  if (more.length > 0) throw new UsageError(`give one provider, not ${more.length + 1}`);
  if (provider === undefined) {
    if (command === 'isolate' && reason === undefined && time === undefined) return { kind: 'show' };
    throw new UsageError(`which provider? npm run ${command} -- PROVIDER`);
  }
  if (!KEY.test(provider)) throw new UsageError(`"${provider}" cannot be the key of a provider`);
  if (command === 'release') {
    if (reason !== undefined || time !== undefined) throw new UsageError('release takes no --reason and no --for');
    return { kind: 'release', provider };
  }
  const why = reason?.trim() ?? '';
  if (why === '') throw new UsageError('give a --reason: the operator on call reads it');
  if (why.length > MOST_REASON) throw new UsageError(`--reason takes at most ${MOST_REASON} characters`);
  return { kind: 'isolate', provider, reason: why, forMs: milliseconds('for', time ?? DEFAULT_FOR, MOST_DAYS) };
}
