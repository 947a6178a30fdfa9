import { parseArguments, refuseArguments, UsageError } from '../usage.ts';

/** Options of the command line. */
export interface BillOptions {
  readonly json: boolean;
  /** Dollars for a thousand mails by provider key, in place of the list price. */
  readonly prices: Readonly<Record<string, number>>;
}

/** Printed by `--help`. */
export const BILL_USAGE = `npm run bill [-- options]

What the deployment of bin/mailover.ts costs: in a month without mail, for a million mails over each provider, and in an outage. Deploys and asks nothing.

  --price KEY=DOLLARS   price of the provider KEY for a thousand mails, such as --price mailgun=0.80; once for each provider (default: its list price)
  --json                prints JSON

Exit code: 0 done, 1 not done, 2 wrong usage.`;

/** Reads the command line; `undefined` for `--help`. */
export function parseBillOptions(argv: readonly string[]): BillOptions | undefined {
  const { values, positionals } = parseArguments(argv, {
    price: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
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
