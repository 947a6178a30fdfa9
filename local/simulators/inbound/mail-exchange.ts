import type { InboundProvider } from '../../../lambda/contract/inbound-environment.ts';
import { domainOf } from '../../../lambda/mail/address.ts';
import type { Taking } from '../accepted-log.ts';
import type { IncomingMail } from './received-mail.ts';

/** Domains and addresses for which a deployment receives mail. */
export interface Domains {
  /** The providers that receive mail. */
  readonly providers: readonly Pick<InboundProvider, 'key' | 'preference'>[];
  /** By provider key: the domains for which the provider receives mail, if the provider's options list them. */
  readonly listed: Readonly<Record<string, readonly string[]>>;
  /** By provider key: the domains in the SES receipt rules through which this provider receives mail. */
  readonly rules: Readonly<Record<string, readonly string[]>>;
  /**
   * By provider key: the address to which canaries (test mails) for this receiving provider are sent. The provider is the only MX
   * of the address's domain.
   */
  readonly canaries: Readonly<Record<string, string>>;
  /** Addresses for which every receiving provider accepts mail. */
  readonly addresses: readonly string[];
}

/**
 * For each domain, the keys of the providers that receive its mail, the preferred MX first. A domain with a leading dot stands for
 * all of its subdomains.
 */
export type Zones = ReadonlyMap<string, readonly string[]>;

/** Returns the MX records that the set-up of the providers requires. */
export function zonesOf({ providers, listed, rules, canaries, addresses }: Domains): Zones {
  const best = Math.min(...providers.flatMap(({ preference }) => preference ?? []));
  const inOrder = providers.toSorted((a, b) => (a.preference ?? best) - (b.preference ?? best));
  const shared = new Set([...Object.values(listed).flat(), ...addresses.map(domainOf)]);
  const own = { ...listed, ...rules };
  const zones = new Map<string, readonly string[]>();
  // A provider without a list of domains, such as Postmark, accepts mail for every domain of which it is an MX. Domains that occur only
  // in a receipt rule are excepted.
  for (const domain of new Set([...shared, ...Object.values(rules).flat()]))
    zones.set(
      domain,
      inOrder.filter(({ key }) => own[key]?.includes(domain) ?? shared.has(domain)).map(({ key }) => key),
    );
  for (const [key, address] of Object.entries(canaries)) zones.set(domainOf(address), [key]);
  return zones;
}

/**
 * Returns a function that delivers an accepted mail to its recipients. For each recipient, the mail goes to a provider that is an
 * MX of the recipient's domain, as received mail.
 */
export function mailExchange(options: {
  readonly zones: Zones;
  /** Whether the provider's mail server accepts connections. */
  isUp(key: string): boolean;
  receive(key: string, reception: IncomingMail): Promise<unknown>;
}): (taking: Taking) => Promise<void> {
  const { zones, isUp, receive } = options;
  return async (taking) => {
    for (const to of taking.envelope.to) {
      // If the preferred MX does not answer, the next MX is used. If no MX answers, the mail is dropped. A real mail server would
      // retry, and bounce the mail in the end.
      const key = keysFor(domainOf(to), zones)?.find(isUp);
      if (key !== undefined) await receive(key, { raw: await taking.mime(), from: taking.envelope.from || null, to });
    }
  };
}

/** Returns the providers of the entry for the domain itself, or else of the entry with a leading dot that is nearest to the domain. */
function keysFor(domain: string, zones: Zones): readonly string[] | undefined {
  const labels = domain.split('.');
  const above = labels.map((_label, place) => `.${labels.slice(place + 1).join('.')}`);
  return [domain, ...above].map((name) => zones.get(name)).find((keys) => keys !== undefined);
}
