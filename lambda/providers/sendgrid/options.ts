import type { OptionFields } from '../option-fields.ts';

/** Options of a SendGrid account. Its secret contains `apiKey`, an API key with the scope `mail.send`. */
export interface SendgridOptions {
  /**
   * Region of the account: `us` for all accounts but subusers of the EU, whose mail is sent from there.
   * @default 'us'
   */
  readonly region?: 'us' | 'eu';
}

/** The check of the options. */
export function checkOptions({ z }: OptionFields) {
  return z.strictObject({ region: z.enum(['us', 'eu']).optional() });
}
