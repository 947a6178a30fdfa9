import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of a Postmark provider. Its secret contains `serverToken`. */
export const checkOptions = ({ z, words }: OptionFields) =>
  z.strictObject({
    /**
     * Id of the Postmark server's message stream through which mail is sent.
     * @default 'outbound'
     */
    messageStream: words.optional(),
  });

export type PostmarkOptions = Checked<typeof checkOptions>;

/** Options for receiving mail through Postmark; `true` means the defaults of all options. */
export const checkInbound = ({ z, webhook }: OptionFields) =>
  z.union([
    z.literal(true),
    z.strictObject({
      /**
       * Treatment of mail that a rule or the spam filter at Postmark blocks. With `receive`, the reconciler makes Postmark post
       * this mail nevertheless, and the message contains the verdict of the spam filter. With `leave`, the mail stays blocked.
       * @default 'receive'
       */
      blocked: z.enum(['receive', 'leave']).optional(),
      ...webhook,
    }),
  ]);

export type PostmarkInboundOptions = Checked<typeof checkInbound>;
