import type { Message } from '../../../../lambda/mail/message.ts';
import type { Attempt } from '../../../../lambda/providers/provider.ts';

export const message: Message = {
  id: 'order-1',
  handle: 'h'.repeat(43),
  messageId: `<${'h'.repeat(43)}@example.com>`,
  date: new Date('2026-11-23T10:00:00Z'),
  from: { name: 'Hector', address: 'hector@example.com' },
  to: [{ address: 'ada@example.org' }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Receipt',
  text: 'Thanks',
  headers: [['X-Mailover-Id', 'order-1']],
  attachments: [],
  metadata: {},
};

/** An attempt at the message above with the given changes, for all of its recipients. */
export function attemptOf(change: Partial<Message> = {}, rest: Partial<Attempt> = {}): Attempt {
  const whole = { ...message, ...change };
  return {
    message: whole,
    recipients: [...whole.to, ...whole.cc, ...whole.bcc].map(({ address }) => address),
    mime: () => Promise.reject(new Error('Postmark takes no MIME')),
    tracking: { opens: false, clicks: false },
    number: 1,
    deadlineMs: 5_000,
    connectMs: 2_000,
    ...rest,
  };
}
