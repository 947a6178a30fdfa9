import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { InboundProvider } from '../../lambda/contract/inbound-environment.ts';
import type { InboundOptions, ProviderConfig, SesInboundOptions } from '../../lambda/contract/providers.ts';
import type { ReconciledProvider } from '../../lambda/contract/reconciler-environment.ts';
import { definitions } from '../../lambda/providers/registry.ts';

/** What the list says of receiving, in the form that the inbound function reads. */
export function inboundProviders(providers: readonly ProviderConfig[]): InboundProvider[] {
  return providers.flatMap((provider): InboundProvider[] => {
    const { key, type, inbound } = provider;
    if (type === 'smtp' || inbound === undefined) return [];
    const options: InboundOptions & Partial<SesInboundOptions> = inbound === true ? {} : inbound;
    const { preference, sourceRanges, secretName = `mailover/${key}/webhooks` } = options;
    return [
      {
        key,
        type,
        ...(preference !== undefined && { preference }),
        ...(sourceRanges && { sourceRanges }),
        ...((definitions[type].inbound?.secretFields.length ?? 0) > 0 && { secretName }),
      },
    ];
  });
}

/** The canaries of the ways in. */
export function inboundCanaries(providers: readonly ProviderConfig[]): InboundCanary[] {
  return providers.flatMap(({ key, inbound }) =>
    typeof inbound === 'object' && inbound.canary ? [{ key, canary: inbound.canary }] : [],
  );
}

/** Those of them that can be asked for received mail, with what the questions need. */
export function reconciledProviders(providers: readonly ProviderConfig[]): ReconciledProvider[] {
  return inboundProviders(providers).flatMap((receiving): ReconciledProvider[] => {
    const config = providers.find(({ key }) => key === receiving.key);
    if (config?.type === 'mailgun') {
      const { inbound, options } = config;
      const { region } = options;
      return [{ ...receiving, ...(region && { region }), ...(inbound && { domains: inbound.domains }) }];
    }
    if (config?.type === 'postmark') {
      const { key, secretName = `mailover/${key}`, inbound } = config;
      const { blocked } = inbound === true ? {} : (inbound ?? {});
      return [{ ...receiving, apiSecretName: secretName, ...(blocked && { blocked }) }];
    }
    return [];
  });
}
