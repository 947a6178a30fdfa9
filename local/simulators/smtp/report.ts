import { randomBytes } from 'node:crypto';
import { type Taking, takingOf } from '../accepted-log.ts';
import { simulatedEvents } from '../events/simulated-events.ts';

/** Host name of the simulated mail server in its delivery reports. */
const HOST = 'mta.example.com';

/**
 * A delivery report about an accepted mail (RFC 3464). `afterMs` is the delay after which the report is sent, in milliseconds by
 * the clock of the local stack (which may run faster than real time).
 */
export interface DeliveryReport {
  readonly taking: Taking;
  readonly afterMs: number;
}

/**
 * Returns the delivery reports that a mail server sends to the sender of a mail: one report for each recipient whose mail
 * bounced. A successful delivery is not reported. If the mail has no return path, there are no reports.
 */
export function deliveryReports({ envelope, headers }: Taking): readonly DeliveryReport[] {
  if (envelope.from === '') return [];
  return envelope.to.flatMap((recipient) =>
    simulatedEvents(recipient, false)
      .filter(({ kind }) => kind === 'bounced' || kind === 'listed')
      .map(({ afterMs, fate }) => {
        const raw = reportOf(envelope.from, recipient, fate.reply, headers());
        const id = randomBytes(5).toString('hex').toUpperCase();
        return { afterMs, taking: takingOf(id, { from: '', to: [envelope.from] }, raw) };
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
