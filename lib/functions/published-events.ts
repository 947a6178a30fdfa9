import type { Construct } from 'constructs';
import type { EventsProvider } from '../../lambda/contract/events-environment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { SesEvents } from './ses-events.ts';

/** Creates a topic and a queue for each provider that publishes its delivery events to SNS. Returns both by provider key. */
export function publishEvents(
  scope: Construct,
  reporting: readonly EventsProvider[],
  sending: readonly ProviderConfig[],
): ReadonlyMap<string, SesEvents> {
  return new Map(
    reporting.flatMap(({ key, type }): [string, SesEvents][] => {
      const { events } = definitionOf(type);
      const options = sending.find((one) => one.key === key)?.options;
      if (events?.over !== 'topic' || options === undefined) return [];
      return [[key, new SesEvents(scope, `Events-${key}`, { sets: events.sets(options) })]];
    }),
  );
}

/**
 * Returns the configuration of the provider, with the SES configuration set that was created for its delivery events. Without a
 * created configuration set, returns the configuration unchanged.
 */
export function withEventSet(provider: ProviderConfig, published: SesEvents | undefined): ProviderConfig {
  const { events } = definitionOf(provider.type);
  if (published?.set === undefined || events?.over !== 'topic') return provider;
  return { ...provider, options: events.withSet(provider.options, published.set.configurationSetName) };
}
