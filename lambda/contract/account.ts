import type { ProviderConfig, ProviderType } from './providers.ts';

/**
 * An account as it must be known to be asked later about a mail, whatever its key or its options are by then. No secret is
 * in it: of two accounts with the same options both are asked.
 */
export interface Account {
  readonly type: ProviderType;
  /** Where the account keeps the mail: domain and region at Mailgun, the message stream at Postmark. */
  readonly options?: Readonly<Record<string, string>>;
}

/** The account behind a provider of the list. */
export function accountOf({ type, options }: ProviderConfig): Account {
  switch (type) {
    case 'mailgun':
      return { type, options: { domain: options.domain, region: options.region ?? 'us' } };
    case 'postmark':
      return { type, options: { messageStream: options.messageStream ?? 'outbound' } };
    default:
      return { type };
  }
}

/**
 * The providers of today that may be the account that was called under `key`, the likeliest first, each with the options
 * that it was called with.
 */
export function candidatesFor(
  key: string,
  account: Account | undefined,
  providers: readonly ProviderConfig[],
): readonly ProviderConfig[] {
  const own = providers.find((one) => one.key === key);
  // What an older release wrote says nothing of the account.
  if (account === undefined) return own ? [own] : providers;
  const sameType = providers.filter(({ type }) => type === account.type);
  const likely = sameType.filter((one) => one === own || sameOptions(accountOf(one), account));
  const ordered = likely.length > 0 ? likely : sameType;
  return ordered
    .toSorted((a, b) => Number(b === own) - Number(a === own))
    .map((one) => ({ ...one, options: { ...one.options, ...account.options } }) as ProviderConfig);
}

function sameOptions(a: Account, b: Account): boolean {
  const text = ({ options = {} }: Account) => JSON.stringify(Object.entries(options).sort());
  return text(a) === text(b);
}
