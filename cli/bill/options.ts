import { FLAG, HELP, parseArguments, refuseArguments, TEXT, UsageError } from '../usage.ts';

/** The options from the command line. */
export interface BillOptions {
  readonly json: boolean;
  /** Dollars for a thousand mails, by provider key. Such a price replaces the list price of the provider. */
  readonly prices: Readonly<Record<string, number>>;
}

/** The text that `--help` prints. */
export const BILL_USAGE = `npm run bill [-- options]

Computes the costs of the deployment of bin/mailover.ts: of a month without mail, of a million mails through each provider, and of an outage.
Deploys nothing and calls no service.

  --price KEY=DOLLARS   price of the provider KEY for a thousand mails, such as --price mailgun=0.80; once for each provider (default: its list price)
  --json                prints JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

/** Reads the command line. Returns `undefined` if it has `--help`. */
export function parseBillOptions(argv: readonly string[]): BillOptions | undefined {
  const { values, positionals } = parseArguments(argv, {
    price: { ...TEXT, multiple: true },
    json: FLAG,
    help: HELP,
  });
  if (values.help) return undefined;
  refuseArguments(positionals);
  const prices: Record<string, number> = {};
  for (const given of values.price ?? []) {
    const [, key = '', dollars = ''] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(given) ?? [];
    if (key === '')
      throw new UsageError(`--price takes KEY=DOLLARS for a thousand mails, such as mailgun=0.80, not "${given}"`);
    if (key in prices) throw new UsageError(`--price is given twice for ${key}`);
    prices[key] = Number(dollars);
  }
  return { json: values.json ?? false, prices };
}
