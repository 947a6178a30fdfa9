import { secretNameOf } from '../../lambda/contract/deployment.ts';
import type { EventsProvider } from '../../lambda/contract/events-environment.ts';
import type { InboundCanary } from '../../lambda/contract/health-environment.ts';
import type { InboundProvider, ReportedProvider } from '../../lambda/contract/inbound-environment.ts';
import type { EventsOptions, InboundOptions, ProviderConfig } from '../../lambda/contract/providers.ts';
import type { ReconciledProvider } from '../../lambda/contract/reconciler-environment.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { ReceiptRule } from '../../lambda/providers/inbound-definition.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';

/** Lists of providers for the different functions. The list of a function has only the options that this function uses. */
export interface ProviderLists {
  /** Providers that send, with the options that the sender uses. */
  readonly sending: readonly ProviderConfig[];
  /** Providers that send, with the options that the health function uses, such as canaries and blocklists. */
  readonly watched: readonly ProviderConfig[];
  readonly receiving: readonly InboundProvider[];
  /** Receiving providers whose API can be asked for received mail that did not arrive. */
  readonly reconciled: readonly ReconciledProvider[];
  readonly inboundCanaries: readonly InboundCanary[];
  /**
   * Providers that post or publish delivery events. For a provider that publishes, the ARN of the queue with its events is
   * absent.
   */
  readonly reporting: readonly EventsProvider[];
  /** Providers that send their delivery events as mail. Another provider receives this mail. */
  readonly reportedByMail: readonly ReportedProvider[];
  /**
   * SES receipt rule of the provider that receives mail through the mail bucket; undefined if no provider receives mail in this
   * way.
   */
  readonly receiptRule: ReceiptRule | undefined;
}

/** Derives every list from the provider list of the configuration; `name` is the name of the deployment. */
export function providerLists(providers: readonly ProviderConfig[], name: string): ProviderLists {
  const outbound = providers.filter((provider) => provider.outbound !== false);
  const receiving = inboundProviders(providers, name);
  return {
    sending: outbound.map(
      ({ inbound: _i, canary: _c, blocklists: _b, events: _e, capacityPerDay: _d, ...sending }) => sending,
    ),
    watched: outbound.map(({ inbound: _i, events: _e, ...watched }) => watched),
    receiving,
    reconciled: reconciledProviders(providers, receiving, name),
    inboundCanaries: inboundCanaries(providers),
    reporting: reportingProviders(outbound, name),
    reportedByMail: outbound.filter(isReportedByMail).map(({ key, type }) => ({ key, type })),
    receiptRule: providers.flatMap(({ type, inbound }) => {
      const received = definitionOf(type).inbound;
      return inbound !== undefined && received?.over === 'bucket' ? [received.receiptRule(inbound)] : [];
    })[0],
  };
}

/** The receiving providers of the list, in the form that the inbound function reads. */
function inboundProviders(providers: readonly ProviderConfig[], name: string): InboundProvider[] {
  return providers.flatMap((provider): InboundProvider[] => {
    const { key, type, inbound } = provider;
    const received = definitionOf(type).inbound;
    if (!received || inbound === undefined) return [];
    const options: InboundOptions = inbound === true ? {} : inbound;
    const { preference, sourceRanges, secretName = `${name}/${key}/webhooks` } = options;
    return [
      {
        key,
        type,
        ...defined({ preference, sourceRanges, secretName: received.secretFields.length > 0 ? secretName : undefined }),
      },
    ];
  });
}

/** The providers that post or publish delivery events, in the form that the events function reads. */
function reportingProviders(providers: readonly ProviderConfig[], name: string): EventsProvider[] {
  return providers.flatMap((provider): EventsProvider[] => {
    const { key, type, events } = provider;
    const posts = definitionOf(type).events?.over === 'http';
    if (events === undefined || isReportedByMail(provider)) return [];
    const { sourceRanges, secretName = `${name}/${key}/webhooks` }: EventsOptions = events === true ? {} : events;
    return [{ key, type, ...defined({ sourceRanges, secretName: posts ? secretName : undefined }) }];
  });
}

function isReportedByMail({ type, events }: ProviderConfig): boolean {
  return events !== undefined && definitionOf(type).events?.over === 'mail';
}

/** The canaries of the receiving providers. */
function inboundCanaries(providers: readonly ProviderConfig[]): InboundCanary[] {
  return providers.flatMap(({ key, inbound }) =>
    typeof inbound === 'object' && inbound.canary ? [{ key, canary: inbound.canary }] : [],
  );
}

/** The receiving providers whose API lists received mail, with the options for requests to this API. */
function reconciledProviders(
  providers: readonly ProviderConfig[],
  list: readonly InboundProvider[],
  name: string,
): ReconciledProvider[] {
  return list.flatMap((receiving): ReconciledProvider[] => {
    const config = providers.find(({ key }) => key === receiving.key);
    const received = definitionOf(receiving.type).inbound;
    if (!config || received?.over !== 'http' || !received.missed) return [];
    const { options, inbound } = config;
    return [
      {
        ...receiving,
        ...defined({ apiSecretName: received.missed.needsAccount && secretNameOf(config, name) }),
        missed: received.missed.options(options, inbound),
      },
    ];
  });
}
