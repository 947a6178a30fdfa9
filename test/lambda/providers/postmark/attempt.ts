import type { Message } from '../../../../lambda/mail/message.ts';
import type { Attempt } from '../../../../lambda/providers/provider.ts';
import { givenMessage } from '../../mail/given-message.ts';

export const message = givenMessage({
  handle: 'h'.repeat(43),
  messageId: `<${'h'.repeat(43)}@example.com>`,
  from: { name: 'Hector', address: 'hector@example.com' },
  subject: 'Receipt',
  text: 'Thanks',
});

/** Returns an attempt to send the message above, with the given changes, to all recipients of the message. */
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
