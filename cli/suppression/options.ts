import { defined } from '../../lambda/platform/defined.ts';
import { parseArguments, UsageError } from '../usage.ts';

/** Options of the command line, with defaults. */
export interface SuppressionOptions {
  readonly what:
    | { readonly kind: 'list' }
    | { readonly kind: 'add'; readonly address: string }
    | { readonly kind: 'remove'; readonly address: string; readonly class?: string }
    | { readonly kind: 'import'; readonly provider: string; readonly isConfirmed: boolean }
    | { readonly kind: 'mirror' }
    | { readonly kind: 'take-back'; readonly provider: string; readonly sinceMs: number };
  /** Whether addresses are printed in full. */
  readonly addresses: boolean;
  /** A deployed function; absent: that of the local stack. */
  readonly functionName?: string;
  /** Region of the deployed function; absent: as the AWS SDK finds it. */
  readonly region?: string;
  /** Name of the operator; absent: the user of this machine. */
  readonly who?: string;
  readonly json: boolean;
}

/** Printed by `--help`. */
export const SUPPRESSION_USAGE = `npm run suppression -- list [options]
npm run suppression -- add ADDRESS [options]
npm run suppression -- remove ADDRESS [--class NAME] [options]
npm run suppression -- import PROVIDER [--confirm] [options]
npm run suppression -- mirror [options]
npm run suppression -- take-back PROVIDER [--since 3d] [options]

list        shows the addresses that get no mail, with reason, source and end
add         stops mail to an address, without an end
remove      lets mail go to an address again, also at the providers that keep a list of their own;
            with --class: mail of a class that it had unsubscribed from
import      takes the hard bounces and complaints of a provider's own list over: before its first traffic
mirror      what is done once a day: takes over the lists of all providers, and adds ours to them
take-back   removes what a provider has put on the list since a time, also from the lists of all providers:
            its reports were wrong

  --class NAME         for remove: ends the unsubscribe from this class, and leaves the list as it is
  --confirm            for import: also if the new entries are far more than its mail explains
  --since TIME         for take-back: 30m, 2h or 3d, up to 400d (default 3d)
  --addresses          prints addresses in full; otherwise they are masked
  --function NAME      a deployed function (stack output SuppressionFunctionName) instead of the local stack
  --region REGION      region of that function (default: as the AWS SDK finds it)
  --who NAME           your name, kept with what you add (default: your user name and the name of this machine)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done or not everywhere, 2 wrong usage.`;

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MOST_MS = 400 * UNIT_MS.d;
const KEY = /^[a-z][a-z0-9-]{0,31}$/;
const ADDRESS = /^[^\s@]+(?:@[^\s@]+)*@[^\s@]+$/u;

/** Reads the command line; `undefined` for `--help`. */
export function parseSuppressionOptions(argv: readonly string[]): SuppressionOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArguments(argv, {
    since: text,
    class: text,
    confirm: flag,
    addresses: flag,
    function: text,
    region: text,
    who: text,
    json: flag,
    help: { ...flag, short: 'h' },
  });
  if (values.help) return undefined;
  const { function: functionName, region, who } = values;
  if (region !== undefined && functionName === undefined) throw new UsageError('--region goes with --function NAME');
  if (values.since !== undefined && positionals[0] !== 'take-back')
    throw new UsageError('--since goes with take-back only');
  if (values.class !== undefined && positionals[0] !== 'remove') throw new UsageError('--class goes with remove only');
  if (values.confirm !== undefined && positionals[0] !== 'import')
    throw new UsageError('--confirm goes with import only');
  return {
    what: whatOf(positionals, values),
    addresses: values.addresses ?? false,
    json: values.json ?? false,
    ...defined({ functionName, region, who }),
  };
}

function whatOf(
  [kind, one, ...more]: readonly string[],
  {
    since,
    class: name,
    confirm = false,
  }: { readonly since?: string; readonly class?: string; readonly confirm?: boolean },
): SuppressionOptions['what'] {
  if (more.length > 0) throw new UsageError(`unexpected argument "${more[0]}"`);
  switch (kind) {
    case 'list':
    case 'mirror':
      if (one !== undefined) throw new UsageError(`${kind} takes no "${one}"`);
      return { kind };
    case 'add':
    case 'remove':
      if (one === undefined || !ADDRESS.test(one))
        throw new UsageError(
          `${kind} takes an address such as ada@example.org${one === undefined ? '' : `, not "${one}"`}`,
        );
      return { kind, address: one, ...defined({ class: name }) };
    case 'import':
      return { kind, provider: providerIn(kind, one), isConfirmed: confirm };
    case 'take-back':
      return { kind, provider: providerIn(kind, one), sinceMs: milliseconds(since ?? '3d') };
    default:
      throw new UsageError(
        `there are list, add, remove, import, mirror and take-back${kind === undefined ? '' : `, not "${kind}"`}`,
      );
  }
}

function providerIn(kind: string, given: string | undefined): string {
  if (given !== undefined && KEY.test(given)) return given;
  throw new UsageError(
    `${kind} takes the key of a provider such as postmark${given === undefined ? '' : `, not "${given}"`}`,
  );
}

function milliseconds(given: string): number {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const ms = Number(number) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? Number.NaN);
  if (ms >= UNIT_MS.m && ms <= MOST_MS) return ms;
  throw new UsageError(`--since takes a time from 1m to 400d such as 30m, 2h or 3d, not "${given}"`);
}
