import type { Checked, OptionFields } from '../option-fields.ts';

/**
 * Base URLs of the API in the two regions (docs.sendgrid.com/api-reference/mail-send, 2026-11-28). An API key is valid in one
 * region only.
 */
export const HOSTS = { us: 'https://api.sendgrid.com', eu: 'https://api.eu.sendgrid.com' } as const;

/** Options of a SendGrid provider. Its secret contains `apiKey`, an API key with the scope `mail.send`. */
export const checkOptions = ({ z }: OptionFields) =>
  z.strictObject({
    /**
     * Region of the account: `eu` for an EU subuser, whose mail SendGrid sends from the EU; `us` for every other account.
     * @default 'us'
     */
    region: z.enum(['us', 'eu']).optional(),
  });

export type SendgridOptions = Checked<typeof checkOptions>;
