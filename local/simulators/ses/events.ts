import { randomBytes } from 'node:crypto';
import type { StackClock } from '../../clock.ts';
import { courseOf, type Step } from '../events/course.ts';
import type { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import type { Header } from '../mail-view.ts';
import { headerValues } from '../mime-view.ts';

/** A mail that was sent with a configuration set. */
interface PublishingMail {
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: readonly Header[];
  readonly set: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

/**
 * Publishes what becomes of a mail, in records of event publishing (docs.aws.amazon.com/ses, event-publishing-retrieving-sns-examples,
 * 2026-11-29). Hard bounces and complaints go onto the suppression list of the account, those of the mailbox simulator
 * do not.
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
    for (const step of courseOf(recipient, listed !== undefined)) {
      const at = clock.toReal(clock.now() + step.afterMs);
      const record = recordOf(step, recipient, new Date(at).toISOString(), listed?.reason);
      if (record) report({ ...record, mail: common }, step.afterMs);
      if (recipient.toLowerCase().endsWith('@simulator.amazonses.com')) continue;
      if (step.kind === 'bounced' && step.fate.hard) list.add(recipient, 'bounce', at);
      if (step.kind === 'complained') list.add(recipient, 'complaint', at);
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
  { kind, fate }: Step,
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
      // An address on the list of the account bounces for either reason; `Suppressed` is the list of all of SES.
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
