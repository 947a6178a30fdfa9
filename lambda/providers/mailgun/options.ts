import type { InboundOptions } from '../../contract/providers.ts';
import type { OptionFields } from '../option-fields.ts';

/**
 * Options of a Mailgun provider. Its secret contains `apiKey`. A domain sending key is enough for sending; asking about a
 * message with an unknown outcome (`onUnknown: ask`) needs a key with read access.
 */
export interface MailgunOptions {
  /** Sending domain as registered with Mailgun. */
  readonly domain: string;
  /**
   * Region of the Mailgun domain: `us` or `eu`.
   * @default 'us'
   */
  readonly region?: 'us' | 'eu';
}

/** How Mailgun receives mail. */
export interface MailgunInboundOptions extends InboundOptions {
  /**
   * Domains of the Mailgun account that receive mail: the reconciler asks for mail that was stored or not posted for
   * them.
   *
   * Without a default, since a wrong one would not be noticed: the sending domain has events as well.
   */
  readonly domains: readonly string[];
}

/** The check of the options. */
export function checkOptions({ z, domain }: OptionFields) {
  return z.strictObject({ domain, region: z.enum(['us', 'eu']).optional() });
}

const DOMAINS = 'must name the domains that mail is received for, such as `{ domains: ["in.example.com"] }`';

/** The check of the options for received mail. */
export function checkInbound({ z, domain, webhook }: OptionFields) {
  return z.strictObject(
    { ...webhook, domains: z.array(domain, DOMAINS).min(1, DOMAINS) },
    // Text for a value that is no object; unknown fields have their own error.
    { error: ({ code }) => (code === 'invalid_type' ? DOMAINS : undefined) },
  );
}
