import type { InboundProvider } from '../../../lambda/contract/inbound-environment.ts';
import { domainOf } from '../../../lambda/mail/address.ts';
import type { Taking } from '../accepted-log.ts';
import type { IncomingMail } from './received-mail.ts';

/** Domains and addresses that a deployment receives mail for. */
export interface Domains {
  /** The receiving providers. */
  readonly providers: readonly Pick<InboundProvider, 'key' | 'preference'>[];
  /** Domains by key, of providers whose options list theirs. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
  /** Domains of the receipt rules, by key of the provider that receives by them. */
  readonly rules: Readonly<Record<string, readonly string[]>>;
  /** Address of a receiving provider's canaries, by key: the provider is the only MX of its domain. */
  readonly canaries: Readonly<Record<string, string>>;
  /** Addresses that any receiving provider takes. */
  readonly addresses: readonly string[];
}

/** Providers that receive for a domain, best MX first, by domain; a leading dot means all subdomains. */
export type Zones = ReadonlyMap<string, readonly string[]>;

/** The MX records that the set-up of the providers requires. */
export function zonesOf({ providers, listed, rules, canaries, addresses }: Domains): Zones {
  const best = Math.min(...providers.flatMap(({ preference }) => preference ?? []));
  const inOrder = providers.toSorted((a, b) => (a.preference ?? best) - (b.preference ?? best));
  const shared = new Set([...Object.values(listed).flat(), ...addresses.map(domainOf)]);
  const own = { ...listed, ...rules };
  const zones = new Map<string, readonly string[]>();
  // A provider without a list, such as Postmark, takes mail of every domain whose MX it is, except domains that only a
  // receipt rule names.
  for (const domain of new Set([...shared, ...Object.values(rules).flat()]))
    zones.set(
      domain,
      inOrder.filter(({ key }) => own[key]?.includes(domain) ?? shared.has(domain)).map(({ key }) => key),
    );
  for (const [key, address] of Object.entries(canaries)) zones.set(domainOf(address), [key]);
  return zones;
}

/** Delivers mail that a simulator accepted to the receiving half of the provider in the domain's MX. */
export function mailExchange(options: {
  readonly zones: Zones;
  /** Whether the provider's mail server takes connections. */
  isUp(key: string): boolean;
  receive(key: string, reception: IncomingMail): Promise<unknown>;
}): (taking: Taking) => Promise<void> {
  const { zones, isUp, receive } = options;
  return async (taking) => {
    for (const to of taking.envelope.to) {
      // If the preferred MX does not answer, the next is used. Without any the mail would wait and bounce.
      const key = keysFor(domainOf(to), zones)?.find(isUp);
      if (key !== undefined) await receive(key, { raw: await taking.mime(), from: taking.envelope.from || null, to });
    }
  };
}

/** The zone of the domain itself, else the nearest zone with a leading dot. */
function keysFor(domain: string, zones: Zones): readonly string[] | undefined {
  const labels = domain.split('.');
  const above = labels.map((_label, place) => `.${labels.slice(place + 1).join('.')}`);
  return [domain, ...above].map((name) => zones.get(name)).find((keys) => keys !== undefined);
}
