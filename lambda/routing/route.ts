import { createHash } from 'node:crypto';
import type { Problem } from '../contract/dead-letter.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { ProviderDefinition } from '../providers/provider.ts';
import { beyond, type MessageFacts, senderAt, TOO_LARGE, unableTo } from './ability.ts';

/** A provider that is not tried, and why: it is excluded, or cannot carry the message. Skipping is not a failure. */
export interface ProviderSkip {
  readonly key: string;
  readonly kind: 'unwanted' | 'unable';
  readonly reason: string;
}

/** Whether a provider was skipped for the size of the message. */
export function isTooLarge({ kind, reason }: ProviderSkip): boolean {
  return kind === 'unable' && reason.startsWith(TOO_LARGE);
}

/** The providers to try, in order. */
export interface Route {
  readonly order: readonly ProviderConfig[];
  /** Keys of the providers that send the message from their substitute address. */
  readonly substituted: ReadonlySet<string>;
  /** Recipients whose address a provider cannot carry, by provider key. It serves the others. */
  readonly beyond: ReadonlyMap<string, readonly string[]>;
  readonly skipped: readonly ProviderSkip[];
}

/** Choice of providers by a producer or by the route of a class: `only` replaces order, priority, share and weight. */
export interface Preference {
  readonly only?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
  /** The submission's class, which some providers do not carry. */
  readonly class?: string | undefined;
}

/**
 * Orders the providers for one submission.
 *
 * The order depends on the submission id alone, so that a redelivery and every retry use the same one. Providers that
 * were already tried (`last`) come after all others, in the order of that list. Before them, providers that must use a
 * substitute address come after those that send the message as it is.
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
  // Sorting is stable, and a provider that is not on the list has index -1.
  const order = able
    .toSorted((a, b) => Number(isSubstituted(a)) - Number(isSubstituted(b)))
    .toSorted((a, b) => last.indexOf(a.key) - last.indexOf(b.key));
  const beyondOf = (provider: ProviderConfig) => {
    const definition = definitions[provider.type];
    const found = definition ? beyond(provider, definition, facts) : [];
    return found.length > 0 ? [[provider.key, found] as const] : [];
  };
  return {
    order,
    substituted: new Set(able.filter(isSubstituted).map(({ key }) => key)),
    beyond: new Map(able.flatMap(beyondOf)),
    skipped,
  };
}

function whyUnwanted({ key, classes }: ProviderConfig, preference: Preference): string | undefined {
  if (preference.except?.includes(key)) return 'excluded by the submission';
  if (!classes) return undefined;
  if (preference.class === undefined) return 'carries no submission without a class';
  return classes.includes(preference.class) ? undefined : 'does not carry this class';
}

/** The problem of a submission that no provider can carry. */
export function uncarried({ skipped }: Route): Problem {
  const tooLarge = skipped.length > 0 && skipped.every(({ reason }) => reason.startsWith(TOO_LARGE));
  const detail = skipped.map(({ key, reason }) => `${key}: ${reason}`).join('; ') || 'no provider that sends is left';
  return { reason: tooLarge ? 'TooLarge' : 'Refused', detail: `no provider can carry it (${detail})` };
}

/** Position of a provider among all that send, regardless of whether it can carry the message. */
export interface Rank {
  readonly provider: ProviderConfig;
  readonly priority: number;
  readonly weight: number;
  /** Number drawn from the id: among equal priorities the lowest goes first. */
  readonly draw: number;
}

/** Priority of the provider at a place of the list; the default is the place from the end of the list. */
export function priorityAt({ priority }: Pick<ProviderConfig, 'priority'>, place: number, number: number): number {
  return priority ?? number - place;
}

/**
 * Providers by priority, highest first; equal ones by weight, drawn without replacement (Efraimidis and Spirakis, 2006).
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
 * The provider whose `share` the id falls into, and the draw: the shares divide [0, 1) from 0 on, in the order of the
 * ranking.
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

/** The ranking with the provider that gets the id by its `share` moved to the front. */
function byShare(id: string, order: readonly ProviderConfig[]): readonly ProviderConfig[] {
  const { provider } = favourite(id, order);
  return provider ? [provider, ...order.filter((other) => other !== provider)] : order;
}

/** An evenly distributed number in (0, 1) from the id, independent for each `salt`. */
function fraction(id: string, salt: string): number {
  const hash = createHash('sha256').update(`${salt}\0${id}`).digest();
  return (hash.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
