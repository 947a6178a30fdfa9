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

/** Options of receiving mail through Mailgun. */
export const checkInbound = ({ z, domain, webhook }: OptionFields) =>
  z.strictObject(
    {
      /**
       * Domains of the Mailgun account that receive mail: the reconciler queries the mail of these domains that was stored or
       * could not be posted.
       *
       * The sending domain is not the default. A query for a domain that receives no mail succeeds too, and returns the events of
       * sent mail, so a wrong default would not be noticed.
       */
      domains: z.array(domain, DOMAINS).min(1, DOMAINS),
      ...webhook,
    },
    // This error text is for a value that is not an object. An unknown field has its own error text.
    { error: ({ code }) => (code === 'invalid_type' ? DOMAINS : undefined) },
  );

export type MailgunInboundOptions = Checked<typeof checkInbound>;
