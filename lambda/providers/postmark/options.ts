import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of a Postmark provider. Its secret contains `serverToken`. */
export const checkOptions = ({ z, words }: OptionFields) =>
  z.strictObject({
    /**
     * Message stream of the Postmark server through which mail is sent.
     * @default 'outbound'
     */
    messageStream: words.optional(),
  });

export type PostmarkOptions = Checked<typeof checkOptions>;

/** Options of receiving mail through Postmark; `true` means the defaults of all options. */
export const checkInbound = ({ z, webhook }: OptionFields) =>
  z.union([
    z.literal(true),
    z.strictObject({
      /**
       * Treatment of mail that a rule or the spam filter at Postmark blocks. With `receive`, Postmark is made to post this mail
       * nevertheless, with the verdict. With `leave`, the mail stays blocked.
       * @default 'receive'
       */
      blocked: z.enum(['receive', 'leave']).optional(),
      ...webhook,
    }),
  ]);

export type PostmarkInboundOptions = Checked<typeof checkInbound>;
