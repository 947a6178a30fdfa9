import { createHash } from 'node:crypto';
import type { Problem } from '../contract/dead-letter.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { ProviderDefinition } from '../providers/provider.ts';
import { type MessageFacts, senderAt, TOO_LARGE, unableTo, unsupportedRecipients } from './ability.ts';

/**
 * A provider that is not tried, with the reason. `unwanted`: the submission or the provider's settings exclude it. `unable`: the
 * provider cannot send the message because of its limits. A provider that is not tried does not count as failed.
 */
export interface ProviderSkip {
  readonly key: string;
  readonly kind: 'unwanted' | 'unable';
  readonly reason: string;
}

/** Whether a provider was skipped because the message is too large for the provider. */
export function isTooLarge({ kind, reason }: ProviderSkip): boolean {
  return kind === 'unable' && reason.startsWith(TOO_LARGE);
}

/** The providers to try for a message, in the order of the attempts. */
export interface Route {
  readonly order: readonly ProviderConfig[];
  /** Keys of the providers that send the message from their `substituteFrom` address, in place of the original From address. */
  readonly substituted: ReadonlySet<string>;
  /**
   * Recipients to whose addresses a provider cannot send, by the key of the provider. The provider sends to all other recipients.
   */
  readonly unsupported: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly ProviderSkip[];
}

/**
 * Choice of providers by a producer or by the route of a class of mail. If `only` is given, the providers are tried in the order of this list,
 * and the configured order, priority, share and weight are ignored.
 */
export interface Preference {
  readonly only?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
  /** The class of mail of the submission. Some providers are configured to send only certain classes of mail. */
  readonly class?: string | undefined;
}

/**
 * Orders the providers for one submission.
 *
 * For the same message and the same configuration, the order depends only on the submission id. Therefore a second delivery by
 * SQS and every retry use the same order. The providers in the list `last` may already have the mail. These providers come after
 * all other providers, in the order of this list. Among the other providers, a provider that must replace the From address comes
 * after a provider that can keep the original From address.
 */
export function route(
  id: string,
  providers: readonly ProviderConfig[],
  definitions: Readonly<Record<string, ProviderDefinition>>,
  facts: MessageFacts,
  preference: Preference = {},
  last: readonly string[] = [],
): Route {
  const sending = providers.filter((provider) => provider.outbound !== false);
  const wanted = preference.only
    ? preference.only.flatMap((key) => sending.find((provider) => provider.key === key) ?? [])
    : byShare(
        id,
        ranking(id, sending).map(({ provider }) => provider),
      );
  const skipped: ProviderSkip[] = [];
  const able = wanted.filter((provider) => {
    const definition = definitions[provider.type];
    const unwanted = whyUnwanted(provider, preference);
    const reason = unwanted ?? (definition && unableTo(provider, definition, facts));
    if (reason) skipped.push({ key: provider.key, kind: unwanted ? 'unwanted' : 'unable', reason });
    return !reason;
  });
  const isSubstituted = (provider: ProviderConfig) => senderAt(provider, facts.fromAddress) === 'substitute';
  // Sorting is stable. A provider that is not in the list `last` has the index -1, so it comes first.
  const order = able
    .toSorted((a, b) => Number(isSubstituted(a)) - Number(isSubstituted(b)))
    .toSorted((a, b) => last.indexOf(a.key) - last.indexOf(b.key));
  const unsupportedOf = (provider: ProviderConfig) => {
    const definition = definitions[provider.type];
    const found = definition ? unsupportedRecipients(provider, definition, facts) : [];
    return found.length > 0 ? [[provider.key, found] as const] : [];
  };
  return {
    order,
    substituted: new Set(able.filter(isSubstituted).map(({ key }) => key)),
    unsupported: new Map(able.flatMap(unsupportedOf)),
    skipped,
  };
}

function whyUnwanted({ key, classes }: ProviderConfig, preference: Preference): string | undefined {
  if (preference.except?.includes(key)) return 'excluded by the submission';
  if (!classes) return undefined;
  if (preference.class === undefined) return 'sends no mail without a class';
  return classes.includes(preference.class) ? undefined : 'sends no mail of this class';
}

/** Describes why no provider can send a submission. */
export function uncarried({ skipped }: Route): Problem {
  const tooLarge = skipped.length > 0 && skipped.every(isTooLarge);
  const detail =
    skipped.map(({ key, reason }) => `${key}: ${reason}`).join('; ') ||
    'none of the providers that may be used sends mail';
  return { reason: tooLarge ? 'TooLarge' : 'Refused', detail: `no provider can send it (${detail})` };
}

/**
 * The values that decide a provider's position in the order of all providers that send mail. Providers that cannot send this
 * message are included in this order.
 */
export interface Rank {
  readonly provider: ProviderConfig;
  readonly priority: number;
  readonly weight: number;
  /** Pseudo-random number, computed from the id. Among providers of equal priority, the provider with the lowest number is tried first. */
  readonly draw: number;
}

/**
 * Returns the priority of the provider at position `place` of a list of `number` providers. If no priority is configured, the
 * priority is the provider's position, counted from the end of the list: 1 for the last provider.
 */
export function priorityAt({ priority }: Pick<ProviderConfig, 'priority'>, place: number, number: number): number {
  return priority ?? number - place;
}

/**
 * Sorts providers by priority, highest first. Providers of equal priority are drawn at random without replacement, each with a probability in
 * proportion to its weight (Efraimidis and Spirakis, 2006). The random numbers are computed from the id.
 */
export function ranking(id: string, providers: readonly ProviderConfig[]): readonly Rank[] {
  return providers
    .map((provider, place) => {
      const weight = provider.weight ?? PROVIDER_DEFAULTS.weight;
      return {
        provider,
        priority: priorityAt(provider, place, providers.length),
        weight,
        draw: weight === 0 ? Number.POSITIVE_INFINITY : -Math.log(fraction(id, provider.key)) / weight,
      };
    })
    .sort((a, b) => b.priority - a.priority || a.draw - b.draw);
}

/**
 * Computes a number (`draw`) in (0, 1) from the id, and finds the provider whose interval contains this number. The interval of
 * each provider is as long as its `share`. The intervals follow each other from 0, in the given order of the providers.
 * `provider` is absent if no interval contains the number.
 */
export function favourite(
  id: string,
  order: readonly ProviderConfig[],
): { readonly draw: number; readonly provider?: ProviderConfig } {
  const draw = fraction(id, 'share');
  let left = draw;
  for (const provider of order) {
    left -= provider.share ?? 0;
    if (left < 0) return { draw, provider };
  }
  return { draw };
}

/**
 * Moves the provider that `favourite` finds to the front of the list, and all other providers with `warmUp` to its end. A provider
 * that warms up then gets no more than its share as long as the others work, even if it is the first of the configured list. The
 * remaining providers keep their order.
 */
function byShare(id: string, order: readonly ProviderConfig[]): readonly ProviderConfig[] {
  const { provider } = favourite(id, order);
  const others = order.filter((one) => one !== provider);
  return [...(provider ? [provider] : []), ...others.toSorted((a, b) => Number(isWarming(a)) - Number(isWarming(b)))];
}

const isWarming = ({ warmUp }: ProviderConfig): boolean => warmUp !== undefined;

/** Computes an evenly distributed number in (0, 1) from the id. The numbers for two values of `salt` are independent of each other. */
function fraction(id: string, salt: string): number {
  const hash = createHash('sha256').update(`${salt}\0${id}`).digest();
  return (hash.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
