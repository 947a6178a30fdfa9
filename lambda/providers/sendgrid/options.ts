import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of a SendGrid account. Its secret contains `apiKey`, an API key with the scope `mail.send`. */
export const checkOptions = ({ z }: OptionFields) =>
  z.strictObject({
    /**
     * Region of the account: `us` for all accounts but subusers of the EU, whose mail is sent from there.
     * @default 'us'
     */
    region: z.enum(['us', 'eu']).optional(),
  });

export type SendgridOptions = Checked<typeof checkOptions>;
