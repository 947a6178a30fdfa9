import type { Attempt } from '../../../../lambda/providers/provider.ts';
import { message } from '../postmark/attempt.ts';

export const MIME = 'Subject: Receipt\r\n\r\n.hidden dot\r\nThanks\r\n';

/** An attempt for the given recipients. */
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
