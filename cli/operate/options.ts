import { defined } from '../../lambda/platform/defined.ts';
import { parseArguments, UsageError } from '../usage.ts';

/** Options of the command line, with defaults. */
export interface OperateOptions {
  readonly what:
    | { readonly kind: 'show' }
    | { readonly kind: 'doubted' }
    | { readonly kind: 'isolate'; readonly provider: string; readonly reason: string; readonly forMs: number }
    | { readonly kind: 'release'; readonly provider: string }
    | { readonly kind: 'resume'; readonly class: string };
  /** A deployed state table; absent: that of the local stack. */
  readonly table?: string;
  /** Region of the deployed table; absent: as the AWS SDK finds it. */
  readonly region?: string;
  /** Name of the operator; absent: the user of this machine. */
  readonly who?: string;
  readonly json: boolean;
}

/** Printed by `--help` and after a usage error. */
export const OPERATE_USAGE = `npm run isolate -- PROVIDER --reason TEXT [--for 2h] [options]
npm run release -- PROVIDER [options]
npm run release -- --class NAME [options]
npm run isolate                          shows which providers are isolated
npm run doubted                          lists recipients that were ended by answers of a provider in doubt

An isolated provider gets no mail: mail goes to the others, or waits. Every worker knows within ten seconds.
A class pauses by itself when too many of its recipients bounce or complain. Released, it sends its waiting mail at its
next tries, and is judged again from the next full hour on.

  --reason TEXT        why, for the operator on call
  --for TIME           30m, 2h or 3d, from 1m to 30d (default 24h), in the time of the stack; then it ends by itself
  --class NAME         for release: a paused class; npm run account shows them
  --table NAME         a deployed state table (stack output StateTableName) instead of the local stack
  --region REGION      region of that table (default: as the AWS SDK finds it)
  --who NAME           your name (default: your user name and the name of this machine)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DEFAULT_FOR = '24h';
const MOST_MS = 30 * UNIT_MS.d;
const KEY = /^[a-z][a-z0-9-]{0,31}$/;
const MOST_REASON = 200;

/** Reads the command line of `isolate` or `release`; `undefined` for `--help`. */
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
  const text = { type: 'string' } as const;
  return parseArguments(argv, {
    reason: text,
    for: text,
    class: text,
    table: text,
    region: text,
    who: text,
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
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
  return { kind: 'isolate', provider, reason: why, forMs: milliseconds(time ?? DEFAULT_FOR) };
}

function milliseconds(given: string): number {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const ms = Number(number) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? Number.NaN);
  if (ms >= UNIT_MS.m && ms <= MOST_MS) return ms;
  throw new UsageError(`--for takes a time from 1m to 30d such as 30m, 2h or 3d, not "${given}"`);
}
