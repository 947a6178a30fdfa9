import type { Checked, OptionFields } from '../option-fields.ts';

/**
 * Options of a Mailgun provider. Its secret contains `apiKey`. A domain sending key is enough for sending; asking about a
 * message with an unknown outcome (`onUnknown: ask`) needs a key with read access.
 */
export const checkOptions = ({ z, domain }: OptionFields) =>
  z.strictObject({
    /** Sending domain as registered with Mailgun. */
    domain,
    /**
     * Region of the Mailgun domain: `us` or `eu`.
     * @default 'us'
     */
    region: z.enum(['us', 'eu']).optional(),
  });

export type MailgunOptions = Checked<typeof checkOptions>;

const DOMAINS = 'must name the domains that mail is received for, such as `{ domains: ["in.example.com"] }`';

/** How Mailgun receives mail. */
export const checkInbound = ({ z, domain, webhook }: OptionFields) =>
  z.strictObject(
    {
      /**
       * Domains of the Mailgun account that receive mail: the reconciler asks for mail that was stored or not posted for
       * them.
       *
       * Without a default, since a wrong one would not be noticed: the sending domain has events as well.
       */
      domains: z.array(domain, DOMAINS).min(1, DOMAINS),
      ...webhook,
    },
    // Text for a value that is no object; unknown fields have their own error.
    { error: ({ code }) => (code === 'invalid_type' ? DOMAINS : undefined) },
  );

export type MailgunInboundOptions = Checked<typeof checkInbound>;
