import type { Checked, OptionFields } from '../option-fields.ts';

/** Options of a Postmark provider. Its secret contains `serverToken`. */
export const checkOptions = ({ z, words }: OptionFields) =>
  z.strictObject({
    /**
     * Message stream.
     * @default 'outbound'
     */
    messageStream: words.optional(),
  });

export type PostmarkOptions = Checked<typeof checkOptions>;

/** How Postmark receives mail; `true` for all defaults. */
export const checkInbound = ({ z, webhook }: OptionFields) =>
  z.union([
    z.literal(true),
    z.strictObject({
      /**
       * Mail that a rule of Postmark, or its spam filter, blocks: `receive` has it posted nevertheless, with its verdict;
       * `leave` keeps it blocked.
       * @default 'receive'
       */
      blocked: z.enum(['receive', 'leave']).optional(),
      ...webhook,
    }),
  ]);

export type PostmarkInboundOptions = Checked<typeof checkInbound>;
