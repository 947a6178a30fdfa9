import type { InboundOptions } from '../../contract/providers.ts';
import type { OptionFields } from '../option-fields.ts';

/** Options of a Postmark provider. Its secret contains `serverToken`. */
export interface PostmarkOptions {
  /**
   * Message stream.
   * @default 'outbound'
   */
  readonly messageStream?: string;
}

/** How Postmark receives mail. */
export interface PostmarkInboundOptions extends InboundOptions {
  /**
   * Mail that a rule of Postmark, or its spam filter, blocks: `receive` has it posted nevertheless, with its verdict;
   * `leave` keeps it blocked.
   * @default 'receive'
   */
  readonly blocked?: 'receive' | 'leave';
}

/** The check of the options. */
export function checkOptions({ z, words }: OptionFields) {
  return z.strictObject({ messageStream: words.optional() });
}

/** The check of the options for received mail. */
export function checkInbound({ z, webhook }: OptionFields) {
  const options = z.strictObject({ ...webhook, blocked: z.enum(['receive', 'leave']).optional() });
  return z.union([z.literal(true), options]);
}
