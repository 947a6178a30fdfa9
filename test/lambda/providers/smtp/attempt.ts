import type { Message } from '../../../../lambda/mail/message.ts';
import { composeMime } from '../../../../lambda/mail/mime.ts';
import type { Attempt, Provider } from '../../../../lambda/providers/provider.ts';
import type { SmtpOptions } from '../../../../lambda/providers/smtp/options.ts';
import { create } from '../../../../lambda/providers/smtp/send.ts';
import { message } from '../postmark/attempt.ts';

export const MIME = 'Subject: Receipt\r\n\r\n.hidden dot\r\nThanks\r\n';

/** Returns an attempt to send a mail to the given recipients. */
export function attemptTo(recipients: readonly string[] = ['ada@example.org'], rest: Partial<Attempt> = {}): Attempt {
  return {
    message,
    recipients,
    mime: () => Promise.resolve(Buffer.from(MIME)),
    tracking: { opens: false, clicks: false },
    number: 1,
    deadlineMs: 5_000,
    connectMs: 2_000,
    ...rest,
  };
}

/** Returns an attempt to send the message, with the given changes, to all its recipients. Its MIME content has these changes. */
export function attemptOf(change: Partial<Message> = {}): Attempt {
  const whole: Message = { ...message, ...change };
  const recipients = [...whole.to, ...whole.cc, ...whole.bcc].map(({ address }) => address);
  return attemptTo(recipients, { message: whole, mime: () => composeMime(whole) });
}

/** Creates a provider that sends to an SMTP server on this port of 127.0.0.1. */
export function provider(port: number, options: Partial<SmtpOptions> = {}, secret = {}): Provider {
  return create({
    key: 'own-mta',
    options: { host: 'unused.invalid', tls: 'none', clientName: 'mta.example.com', ...options },
    secret,
    endpoint: `smtp://127.0.0.1:${port}`,
  });
}
