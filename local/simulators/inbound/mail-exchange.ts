import type { InboundProvider } from '../../../lambda/contract/inbound-environment.ts';
import { domainOf } from '../../../lambda/mail/address.ts';
import type { Taking } from '../accepted-log.ts';
import type { IncomingMail } from './received-mail.ts';

/** The domains and addresses for which a deployment receives mail. */
export interface Domains {
  /** The providers that receive mail. */
  readonly providers: readonly Pick<InboundProvider, 'key' | 'preference'>[];
  /**
   * Domains for which a provider receives mail, by provider key. Only providers whose options list their domains have an entry.
   */
  readonly listed: Readonly<Record<string, readonly string[]>>;
  /** Domains in the SES receipt rules through which a provider receives mail, by provider key. */
  readonly rules: Readonly<Record<string, readonly string[]>>;
  /**
   * Address to which canaries (test mails) for a receiving provider are sent, by provider key. The provider is the only MX of the
   * address's domain.
   */
  readonly canaries: Readonly<Record<string, string>>;
  /** Addresses for whose domains every receiving provider without a list of domains is an MX. */
  readonly addresses: readonly string[];
}

/**
 * Keys of the providers that are the MX hosts of a domain, by domain, with the preferred provider first. A domain with a leading
 * dot stands for all of its subdomains.
 */
export type Zones = ReadonlyMap<string, readonly string[]>;

/** Returns the MX records that the providers of a deployment need. */
export function zonesOf({ providers, listed, rules, canaries, addresses }: Domains): Zones {
  const best = Math.min(...providers.flatMap(({ preference }) => preference ?? []));
  const inOrder = providers.toSorted((a, b) => (a.preference ?? best) - (b.preference ?? best));
  const shared = new Set([...Object.values(listed).flat(), ...addresses.map(domainOf)]);
  const own = { ...listed, ...rules };
  const zones = new Map<string, readonly string[]>();
  // A provider without a list of domains, such as Postmark, accepts mail for every domain whose MX it is. It is not an MX of
  // domains that occur only in a receipt rule.
  for (const domain of new Set([...shared, ...Object.values(rules).flat()]))
    zones.set(
      domain,
      inOrder.filter(({ key }) => own[key]?.includes(domain) ?? shared.has(domain)).map(({ key }) => key),
    );
  for (const [key, address] of Object.entries(canaries)) zones.set(domainOf(address), [key]);
  return zones;
}

/**
 * Returns a function that delivers an accepted mail to its recipients. For each recipient, a provider that is an MX of the
 * recipient's domain receives the mail.
 */
export function mailExchange(options: {
  readonly zones: Zones;
  /** Whether the mail server of the provider accepts connections. */
  isUp(key: string): boolean;
  receive(key: string, reception: IncomingMail): Promise<unknown>;
}): (taking: Taking) => Promise<void> {
  const { zones, isUp, receive } = options;
  return async (taking) => {
    for (const to of taking.envelope.to) {
      // If the preferred MX is down, the next MX is used. If all MX hosts are down, the mail is dropped, whereas a real mail
      // server would retry and finally bounce the mail.
      const key = keysFor(domainOf(to), zones)?.find(isUp);
      if (key !== undefined) await receive(key, { raw: await taking.mime(), from: taking.envelope.from || null, to });
    }
  };
}

/**
 * Returns the providers of the entry for the domain itself, or else of the nearest entry with a leading dot. Returns undefined if
 * there is no such entry.
 */
function keysFor(domain: string, zones: Zones): readonly string[] | undefined {
  const labels = domain.split('.');
  const above = labels.map((_label, place) => `.${labels.slice(place + 1).join('.')}`);
  return [domain, ...above].map((name) => zones.get(name)).find((keys) => keys !== undefined);
}
