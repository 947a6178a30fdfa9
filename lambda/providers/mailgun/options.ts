import type { Checked, OptionFields } from '../option-fields.ts';

/**
 * Options of a Mailgun provider. Its secret contains `apiKey`. A domain sending key is enough for sending. A key with read access
 * is needed to ask Mailgun about a message with an unknown outcome (`onUnknown: ask`), and to compare the suppression lists.
 */
export const checkOptions = ({ z, domain }: OptionFields) =>
  z.strictObject({
    /** Sending domain, as registered at Mailgun. */
    domain,
    /**
     * Region of the Mailgun domain: `us` or `eu`.
     * @default 'us'
     */
    region: z.enum(['us', 'eu']).optional(),
  });

export type MailgunOptions = Checked<typeof checkOptions>;

const DOMAINS = 'must name the domains that mail is received for, such as `{ domains: ["in.example.com"] }`';

/** Options for receiving mail through Mailgun. */
export const checkInbound = ({ z, domain, webhook }: OptionFields) =>
  z.strictObject(
    {
      /**
       * Domains of the Mailgun account that receive mail. The reconciler queries Mailgun for mail to these domains that was
       * stored or could not be posted.
       *
       * There is no default. The sending domain is not used as a default, since Mailover could not detect that it receives no
       * mail: the query would succeed, and return only events of sent mail.
       */
      domains: z.array(domain, DOMAINS).min(1, DOMAINS),
      ...webhook,
    },
    // This error text is for a value that is not an object. For an unknown field, zod's own error text is used.
    { error: ({ code }) => (code === 'invalid_type' ? DOMAINS : undefined) },
  );

export type MailgunInboundOptions = Checked<typeof checkInbound>;
