import type { ProviderConfig } from '../contract/providers.ts';
import { defined } from '../platform/defined.ts';
import { definitionOf } from './registry.ts';

/**
 * Identifies the account at a provider to which an attempt was sent. With it, the account can be asked about the message even
 * after the provider's key in the configuration or its options have changed. It contains no secret, so it cannot distinguish
 * accounts with the same options: all accounts with these options are asked.
 */
export interface ProviderAccount {
  readonly type: string;
  /** Options that locate the messages in the account: domain and region at Mailgun, the message stream at Postmark. */
  readonly options?: Readonly<Record<string, string>>;
}

/** Returns the account of a configured provider. */
export function accountOf({ type, options }: ProviderConfig): ProviderAccount {
  return { type, ...defined({ options: definitionOf(type).account?.(options) }) };
}

/**
 * Returns the configured providers that may use the account of an earlier attempt, the likeliest first. Each has the options that
 * `account` had at the time of the attempt. `key` is the key that the provider had in the configuration at that time.
 */
export function candidatesFor(
  key: string,
  account: ProviderAccount,
  providers: readonly ProviderConfig[],
): readonly ProviderConfig[] {
  const own = providers.find((one) => one.key === key);
  const sameType = providers.filter(({ type }) => type === account.type);
  const likely = sameType.filter((one) => one === own || sameOptions(accountOf(one), account));
  const ordered = likely.length > 0 ? likely : sameType;
  return ordered
    .toSorted((a, b) => Number(b === own) - Number(a === own))
    .map((one) => ({ ...one, options: { ...one.options, ...account.options } }));
}

function sameOptions(a: ProviderAccount, b: ProviderAccount): boolean {
  const text = ({ options = {} }: ProviderAccount) => JSON.stringify(Object.entries(options).sort());
  return text(a) === text(b);
}
