import { randomBytes } from 'node:crypto';
import type { StackClock } from '../../clock.ts';
import type { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import { type SimulatedEvent, simulatedEvents } from '../events/simulated-events.ts';
import type { Header } from '../mail-view.ts';
import { headerValues } from '../mime-view.ts';

/** A mail with an SES configuration set. SES publishes events only for such mail. */
interface PublishingMail {
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: readonly Header[];
  readonly set: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

/**
 * Publishes the events of a mail as records of SES event publishing (docs.aws.amazon.com/ses,
 * event-publishing-retrieving-sns-examples, 2026-11-29). Hard bounces and complaints add the recipient's address to the
 * suppression list of the account, except for addresses of SES's mailbox simulator.
 */
export function reportSes(
  mail: PublishingMail,
  to: { readonly list: SimulatedList; readonly clock: StackClock; readonly report: Report },
): void {
  const { list, clock, report } = to;
  const common = mailOf(mail, new Date().toISOString());
  report({ eventType: 'Send', mail: common, send: {} }, 0);
  for (const recipient of mail.to) {
    const listed = list.get(recipient);
    for (const simulated of simulatedEvents(recipient, listed !== undefined)) {
      const at = clock.toReal(clock.now() + simulated.afterMs);
      const record = recordOf(simulated, recipient, new Date(at).toISOString(), listed?.reason);
      if (record) report({ ...record, mail: common }, simulated.afterMs);
      if (recipient.toLowerCase().endsWith('@simulator.amazonses.com')) continue;
      if (simulated.kind === 'bounced' && simulated.fate.hard) list.add(recipient, 'bounce', at);
      if (simulated.kind === 'complained') list.add(recipient, 'complaint', at);
    }
  }
}

function mailOf({ messageId, from, to, headers, set, tags }: PublishingMail, timestamp: string) {
  return {
    timestamp,
    source: from,
    sourceArn: `arn:aws:ses:us-east-1:123456789012:identity/${from.slice(from.lastIndexOf('@') + 1)}`,
    sendingAccountId: '123456789012',
    messageId,
    destination: to,
    headersTruncated: false,
    headers: headers.map(([name, value]) => ({ name, value })),
    commonHeaders: { from: [from], to, messageId, subject: headerValues(headers, 'Subject')[0] ?? '' },
    tags: { 'ses:configuration-set': [set], 'ses:source-ip': ['192.0.2.1'], ...tags },
  };
}

function recordOf(
  { kind, fate }: SimulatedEvent,
  recipient: string,
  timestamp: string,
  listed: 'bounce' | 'complaint' | undefined,
): object | undefined {
  const [, status] = /\b([245]\.\d\.\d)\b/.exec(fate.reply) ?? [];
  const feedbackId = `0100${randomBytes(6).toString('hex')}-000000`;
  const failed = { emailAddress: recipient, action: 'failed', status, diagnosticCode: `smtp; ${fate.reply}` };
  switch (kind) {
    case 'accepted':
      return undefined;
    case 'delivered':
      return {
        eventType: 'Delivery',
        delivery: {
          timestamp,
          processingTimeMillis: 2_000,
          recipients: [recipient],
          smtpResponse: fate.kind === 'deferred' ? '250 OK' : fate.reply,
          reportingMTA: 'a1-23.smtp-out.amazonses.com',
        },
      };
    case 'deferred':
      return {
        eventType: 'DeliveryDelay',
        deliveryDelay: { timestamp, delayType: 'TransientCommunicationFailure', delayedRecipients: [failed] },
      };
    case 'bounced':
      return {
        eventType: 'Bounce',
        bounce: {
          feedbackId,
          bounceType: fate.hard ? 'Permanent' : 'Transient',
          bounceSubType: 'General',
          bouncedRecipients: [failed],
          timestamp,
          reportingMTA: 'dns; a1-23.smtp-out.amazonses.com',
        },
      };
    case 'complained':
      return {
        eventType: 'Complaint',
        complaint: {
          feedbackId,
          complaintSubType: null,
          complainedRecipients: [{ emailAddress: recipient }],
          timestamp,
          userAgent: 'Amazon SES Mailbox Simulator',
          complaintFeedbackType: 'abuse',
          arrivalDate: timestamp,
        },
      };
    case 'listed':
      // Mail to an address on the account's suppression list is reported as a bounce, even if the reason of the entry is a
      // complaint. The subtype `Suppressed` is only for the global suppression list of SES.
      return {
        eventType: 'Bounce',
        bounce: {
          feedbackId,
          bounceType: 'Permanent',
          bounceSubType: listed ? 'OnAccountSuppressionList' : 'Suppressed',
          bouncedRecipients: [
            {
              emailAddress: recipient,
              action: 'failed',
              status: '5.1.1',
              diagnosticCode:
                'Amazon SES did not send the message to this address because it is on the suppression list.',
            },
          ],
          timestamp,
        },
      };
    default:
      return kind satisfies never;
  }
}
