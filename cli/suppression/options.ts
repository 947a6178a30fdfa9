import { defined } from '../../lambda/platform/defined.ts';
import { addressArgument, FLAG, HELP, milliseconds, parseArguments, TEXT, UsageError } from '../usage.ts';

/** The options from the command line, or their defaults. */
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
  /** Name of a deployed function; absent: the function of the local stack is used. */
  readonly functionName?: string;
  /** AWS region of the deployed function; absent: the region that the AWS SDK finds by itself. */
  readonly region?: string;
  /** Name of the operator; absent: the user name and the host name of this machine. */
  readonly who?: string;
  readonly json: boolean;
}

/** The text that `--help` prints. */
export const SUPPRESSION_USAGE = `npm run suppression -- list [options]
npm run suppression -- add ADDRESS [options]
npm run suppression -- remove ADDRESS [--class NAME] [options]
npm run suppression -- import PROVIDER [--confirm] [options]
npm run suppression -- mirror [options]
npm run suppression -- take-back PROVIDER [--since 3d] [options]

list        shows the addresses that get no mail, with reason, source and end
add         stops mail to an address, until it is removed
remove      lets mail go to an address again, and removes it from the providers' own lists;
            with --class: ends only its unsubscribe from mail of a class
import      imports the hard bounces and complaints of a provider's own list,
            for example before Mailover sends the first mail through this provider
mirror      does the daily run now: imports the lists of all providers, and adds Mailover's entries to them
take-back   removes the entries that the reports of a provider have caused since a time, also from the lists of all providers;
            for reports that were wrong

  --class NAME         for remove: ends the unsubscribe from this class, and leaves the list as it is
  --confirm            for import: imports even if the new entries are far more than the mail sent through the provider explains
  --since TIME         for take-back: 30m, 2h or 3d, up to 400d (default 3d)
  --addresses          prints addresses in full; otherwise they are masked
  --function NAME      a deployed function (stack output SuppressionFunctionName) instead of the local stack
  --region REGION      region of that function (default: as the AWS SDK finds it)
  --who NAME           your name, stored with the entries that you add (default: your user name and the name of this machine)
  --json               prints the result as JSON

Exit code: 0 done, 1 not done, or not at all providers, 2 wrong usage.`;

const MOST_DAYS = 400;
const KEY = /^[a-z][a-z0-9-]{0,31}$/;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseSuppressionOptions(argv: readonly string[]): SuppressionOptions | undefined {
  const { values, positionals } = parseArguments(argv, {
    since: TEXT,
    class: TEXT,
    confirm: FLAG,
    addresses: FLAG,
    function: TEXT,
    region: TEXT,
    who: TEXT,
    json: FLAG,
    help: HELP,
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
      return { kind, address: addressArgument(kind, one), ...defined({ class: name }) };
    case 'import':
      return { kind, provider: providerIn(kind, one), isConfirmed: confirm };
    case 'take-back':
      return { kind, provider: providerIn(kind, one), sinceMs: milliseconds('since', since ?? '3d', MOST_DAYS) };
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
