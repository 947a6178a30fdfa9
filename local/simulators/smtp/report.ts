import { randomBytes } from 'node:crypto';
import type { Taking } from '../accepted-log.ts';
import { courseOf } from '../events/course.ts';
import { headersOf, viewMime } from '../mime-view.ts';

/** Name of the server in its reports. */
const HOST = 'mta.example.com';

/** A report about an accepted mail (RFC 3464), and when it is sent, in milliseconds of stack time. */
export interface DeliveryReport {
  readonly taking: Taking;
  readonly afterMs: number;
}

/**
 * The delivery reports that a mail server returns to the sender of a mail: one for each recipient that bounced. It has no news of
 * deliveries, and none about a mail without a return path.
 */
export function deliveryReports({ envelope, headers }: Taking): readonly DeliveryReport[] {
  if (envelope.from === '') return [];
  return envelope.to.flatMap((recipient) =>
    courseOf(recipient, false)
      .filter(({ kind }) => kind === 'bounced' || kind === 'listed')
      .map(({ afterMs, fate }) => {
        const raw = reportOf(envelope.from, recipient, fate.reply, headers());
        const id = randomBytes(5).toString('hex').toUpperCase();
        return {
          afterMs,
          taking: {
            providerMessageId: id,
            envelope: { from: '', to: [envelope.from] },
            raw,
            mime: () => raw,
            headers: () => headersOf(raw),
            view: () => viewMime(raw),
          },
        };
      }),
  );
}

function reportOf(to: string, recipient: string, reply: string, headers: ReturnType<Taking['headers']>): Buffer {
  const boundary = randomBytes(12).toString('hex');
  const status = /\b[245]\.\d\.\d\b/.exec(reply)?.[0] ?? '5.0.0';
  const now = new Date().toUTCString().replace('GMT', '+0000');
  return Buffer.from(
    [
      `From: Mail Delivery System <MAILER-DAEMON@${HOST}>`,
      `To: <${to}>`,
      'Subject: Undelivered Mail Returned to Sender',
      `Date: ${now}`,
      `Message-ID: <${boundary}@${HOST}>`,
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset=us-ascii',
      '',
      'The mail could not be delivered to one of its recipients.',
      '',
      `--${boundary}`,
      'Content-Type: message/delivery-status',
      '',
      `Reporting-MTA: dns; ${HOST}`,
      `Arrival-Date: ${now}`,
      '',
      `Final-Recipient: rfc822; ${recipient}`,
      'Action: failed',
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${reply}`,
      '',
      `--${boundary}`,
      'Content-Type: text/rfc822-headers',
      '',
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
}
