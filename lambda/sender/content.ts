import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';

/**
 * The message and its MIME source, with the original From address and all recipients. For a provider that needs another From
 * address or fewer recipients, `attempt` makes a changed copy.
 */
export interface Content {
  readonly message: Message;
  /** Returns the MIME source. The source is composed when this function is first called, since not every provider needs it. */
  mime(): Promise<Buffer>;
}

/** Returns the content of a message. `known` is the MIME source of the message, if the source was composed before. */
export function contentOf(message: Message, known?: Buffer): Content {
  let composed = known && Promise.resolve(known);
  return {
    message,
    mime: () => (composed ??= composeMime(message)),
  };
}
