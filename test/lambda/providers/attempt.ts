import type { Message } from '../../../lambda/mail/message.ts';
import type { Attempt } from '../../../lambda/providers/provider.ts';

/** MIME content that a careless transport would change: lines with a single dot, spaces at line ends, 8-bit bytes, every byte value. */
export const MIME = Buffer.concat([
  Buffer.from(
    'From: a@example.com\r\nTo: list@example.org\r\nX-Mailover-Id: order-1\r\n\r\n.\r\nblanks  \r\n%recipient.name% {{x}}\r\n--\r\n',
  ),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\nend'),
]);

/** Returns an attempt to send a small message. The recipients of the envelope differ from the header To on purpose. */
export function attemptOf(change: { message?: Partial<Message>; attempt?: Partial<Attempt> } = {}): Attempt {
  const message: Message = {
    id: 'order-1',
    handle: 'h'.repeat(43),
    messageId: `<${'h'.repeat(43)}@example.com>`,
    date: new Date('2026-11-23T00:00:00Z'),
    from: { name: 'Shop', address: 'a@example.com' },
    to: [{ address: 'list@example.org' }],
    cc: [],
    bcc: [{ address: 'hidden@example.net' }],
    replyTo: [],
    subject: 'Hello',
    text: 'x',
    headers: [],
    attachments: [],
    metadata: {},
    ...change.message,
  };
  return {
    message,
    recipients: ['list@example.org', 'hidden@example.net'],
    mime: async () => MIME,
    tracking: { opens: false, clicks: false },
    number: 1,
    deadlineMs: 400,
    connectMs: 300,
    ...change.attempt,
  };
}
