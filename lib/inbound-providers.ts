import type { InboundProvider } from '../lambda/contract/inbound-environment.ts';
import type { InboundOptions, ProviderConfig, SesInboundOptions } from '../lambda/contract/providers.ts';
import { definitions } from '../lambda/providers/registry.ts';

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
