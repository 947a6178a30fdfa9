import type { Mailbox, Message } from './message.ts';

/**
 * The message from another address, under the name of the original sender; replies go to the original sender unless the
 * message has a Reply-To.
 */
export function fromSubstitute(message: Message, address: string): Message {
  const { name } = message.from;
  const from: Mailbox = name === undefined ? { address } : { name, address };
  return { ...message, from, replyTo: message.replyTo.length > 0 ? message.replyTo : [message.from] };
}
