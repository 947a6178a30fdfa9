import type { ProviderConfig } from '../contract/providers.ts';
import { defined } from '../platform/defined.ts';
import { definitionOf } from './registry.ts';

/**
 * Data for asking an account about a message later, when its key or its options may have changed. It contains no
 * secret: of two accounts with the same options both are asked.
 */
export interface ProviderAccount {
  readonly type: string;
  /** Options that locate the messages in the account: domain and region at Mailgun, the message stream at Postmark. */
  readonly options?: Readonly<Record<string, string>>;
}

/** The account of a configured provider. */
export function accountOf({ type, options }: ProviderConfig): ProviderAccount {
  const located = definitionOf(type).account?.(options);
  return { type, ...defined({ options: located }) };
}

/**
 * The configured providers that may be the account formerly called `key`, the likeliest first, each with the options that
 * it had then.
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
