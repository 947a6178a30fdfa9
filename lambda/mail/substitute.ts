import type { Mailbox, Message } from './message.ts';

/**
 * Returns a copy of a message with `address` as the From address. The name of the original sender is kept. The original From address becomes
 * the Reply-To address, unless the message already has a Reply-To.
 */
export function fromSubstitute(message: Message, address: string): Message {
  const { name } = message.from;
  const from: Mailbox = name === undefined ? { address } : { name, address };
  return { ...message, from, replyTo: message.replyTo.length > 0 ? message.replyTo : [message.from] };
}
