import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import type { InboundOptions, InboundType, ProviderConfig } from '../../lambda/contract/providers.ts';
import type { ReconciledProvider } from '../../lambda/contract/reconciler-environment.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { SesInboundOptions } from '../../lambda/providers/ses/options.ts';

/** The provider list as each part of the deployment needs it: no function gets options that it does not use. */
export interface ProviderLists {
  /** Providers that send, as the sender gets them. */
  readonly sending: readonly ProviderConfig[];
  /** Providers that send, as the health check gets them: with their canaries and blocklists. */
  readonly watched: readonly ProviderConfig[];
  readonly receiving: readonly InboundProvider[];
  /** Receiving providers that can be asked for mail that did not arrive. */
  readonly reconciled: readonly ReconciledProvider[];
  readonly inboundCanaries: readonly InboundCanary[];
  /** How SES receives; undefined if it does not. */
  readonly sesInbound: SesInboundOptions | undefined;
}

/** Derives every list from the provider list of the configuration. */
export function providerLists(providers: readonly ProviderConfig[]): ProviderLists {
  const outbound = providers.filter((provider) => provider.outbound !== false);
  const receiving = inboundProviders(providers);
  return {
    sending: outbound.map(({ inbound: _i, canary: _c, blocklists: _b, ...sending }) => sending),
    watched: outbound.map(({ inbound: _, ...watched }) => watched),
    receiving,
    reconciled: reconciledProviders(providers, receiving),
    inboundCanaries: inboundCanaries(providers),
    sesInbound: providers.flatMap((provider) => (provider.type === 'ses' ? (provider.inbound ?? []) : []))[0],
  };
}

/** The receiving providers of the list, in the form that the inbound function reads. */
function inboundProviders(providers: readonly ProviderConfig[]): InboundProvider[] {
  return providers.flatMap((provider): InboundProvider[] => {
    const { key, type, inbound } = provider;
    const received = definitionOf(type).inbound;
    if (!received || inbound === undefined) return [];
    const options: InboundOptions & Partial<SesInboundOptions> = inbound === true ? {} : inbound;
    const { preference, sourceRanges, secretName = `mailover/${key}/webhooks` } = options;
    return [
      {
        key,
        type: type as InboundType,
        ...(preference !== undefined && { preference }),
        ...(sourceRanges && { sourceRanges }),
        ...(received.secretFields.length > 0 && { secretName }),
      },
    ];
  });
}

/** The canaries of the receiving providers. */
function inboundCanaries(providers: readonly ProviderConfig[]): InboundCanary[] {
  return providers.flatMap(({ key, inbound }) =>
    typeof inbound === 'object' && inbound.canary ? [{ key, canary: inbound.canary }] : [],
  );
}

/** The receiving providers whose API lists received mail, with the options of its requests. */
function reconciledProviders(
  providers: readonly ProviderConfig[],
  list: readonly InboundProvider[],
): ReconciledProvider[] {
  return list.flatMap((receiving): ReconciledProvider[] => {
    const config = providers.find(({ key }) => key === receiving.key);
    const { missedOptions, missedNeedsAccount } = (config && definitionOf(config.type).inbound) ?? {};
    if (!config || !missedOptions) return [];
    const { key, options, inbound, secretName = `mailover/${key}` } = config;
    return [
      {
        ...receiving,
        ...(missedNeedsAccount && { apiSecretName: secretName }),
        ...missedOptions(options, inbound),
      },
    ];
  });
}
