import type { Message } from '../../../lambda/mail/message.ts';

/** Returns a message with one line of text to one recipient; `changes` replace single fields. */
export function givenMessage(changes: Partial<Message> = {}): Message {
  return {
    id: 'order-1',
    handle: 'handle',
    messageId: '<handle@example.com>',
    date: new Date('2026-12-01T10:20:30Z'),
    from: { name: 'Hector" <>(', address: 'hector@example.com' },
    to: [{ address: 'ada@example.org' }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Hello',
    text: 'Hello Ada',
    headers: [['X-Mailover-Id', 'order-1']],
    attachments: [],
    metadata: {},
    ...changes,
  };
}
