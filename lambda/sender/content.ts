import type { Message } from '../mail/message.ts';
import { composeMime } from '../mail/mime.ts';

/** The message and its MIME, as for every provider that needs no change. */
export interface Content {
  readonly message: Message;
  /** The MIME, composed at the first call: not every provider needs it. */
  mime(): Promise<Buffer>;
}

/** The content of a message; `known` is its MIME, if it is composed already. */
export function contentOf(message: Message, known?: Buffer): Content {
  let composed = known && Promise.resolve(known);
  return {
    message,
    mime: () => (composed ??= composeMime(message)),
  };
}
