import type { ProviderConfig } from '../contract/providers.ts';
import { defined } from '../platform/defined.ts';
import { definitionOf } from './registry.ts';

/**
 * Identifies the account at a provider through which an attempt was made. Mailover stores this value with the attempt. A look-up
 * can therefore ask the account about the message even after the provider's key or options have changed in the configuration. The
 * value contains no secret, so it cannot distinguish two accounts with the same options: a look-up asks all accounts with these
 * options.
 */
export interface ProviderAccount {
  readonly type: string;
  /**
   * Options with which a look-up finds the messages of the account: domain and region at Mailgun, the message stream at Postmark.
   */
  readonly options?: Readonly<Record<string, string>>;
}

/** Returns the account of a configured provider. */
export function accountOf({ type, options }: ProviderConfig): ProviderAccount {
  return { type, ...defined({ options: definitionOf(type).account?.(options) }) };
}

/**
 * Returns the configured providers that may use the account of an earlier attempt. In the result, the options in `account`
 * replace the current options of each provider. `key` is the provider's key in the configuration at the time of the attempt. A
 * provider of the same type is returned if it still has this key (it is the first in the list) or if its options locate the same
 * messages. If no provider meets these conditions, all providers of the type are returned.
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
