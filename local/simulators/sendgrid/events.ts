import { randomBytes } from 'node:crypto';
import { defined } from '../../../lambda/platform/defined.ts';
import type { StackClock } from '../../clock.ts';
import type { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import { type SimulatedEvent, simulatedEvents } from '../events/simulated-events.ts';
import type { Fate } from '../events/test-addresses.ts';
import { type OfferedMail, type Personalization, recipientsOf } from './mail.ts';

/**
 * Reports the events of the mail of one personalization (twilio.com/docs/sendgrid/for-developers/tracking-events/event,
 * 2026-11-29). Hard bounces and complaints add the address to the account's suppression list. SendGrid drops mail to an address
 * on this list.
 */
export function reportSendgrid(
  mail: OfferedMail,
  copy: Personalization,
  messageId: string,
  to: { readonly list: SimulatedList; readonly clock: StackClock; readonly report: Report },
): void {
  const { list, clock, report } = to;
  for (const email of recipientsOf(copy)) {
    const listed = list.get(email);
    for (const simulated of simulatedEvents(email, listed !== undefined)) {
      const at = clock.toReal(clock.now() + simulated.afterMs);
      // If SendGrid drops a mail, it reports only the event `dropped`, without the event `processed`.
      if (simulated.kind === 'accepted' && (listed || simulated.fate.kind === 'listed')) continue;
      report(
        {
          ...mail.custom_args,
          ...copy.custom_args,
          email,
          timestamp: Math.floor(at / 1000),
          'smtp-id': `<${messageId}@geopod-ismtpd-1>`,
          ...defined({ category: mail.categories.length > 0 ? mail.categories : undefined }),
          sg_event_id: randomBytes(16).toString('base64url'),
          sg_message_id: `${messageId}.recvd-5d8c9b7d5c-1-1`,
          ...outcomeOf(simulated, listed?.reason),
        },
        simulated.afterMs,
      );
      if (simulated.kind === 'bounced' && simulated.fate.hard) list.add(email, 'bounce', at, simulated.fate.reply);
      if (simulated.kind === 'complained') list.add(email, 'complaint', at);
    }
  }
}

/** Returns the classification of a bounce, under the name that SendGrid's events use. */
function classOf({ hard, reply }: Fate): string {
  if (hard) return 'Invalid Address';
  if (/ 5\.2\.\d /.test(reply)) return 'Mailbox Unavailable';
  return / 4\.4\.\d /.test(reply) ? 'Technical' : 'Reputation';
}

function outcomeOf({ kind, fate }: SimulatedEvent, listed: 'bounce' | 'complaint' = 'bounce') {
  const status = /\b[245]\.\d\.\d\b/.exec(fate.reply)?.[0];
  switch (kind) {
    case 'accepted':
      return { event: 'processed' };
    case 'delivered':
      return {
        event: 'delivered',
        response: fate.kind === 'deferred' ? '250 OK' : fate.reply,
        ip: '192.0.2.1',
        tls: 1,
      };
    case 'deferred':
      return { event: 'deferred', response: fate.reply, attempt: '1' };
    case 'bounced':
      return {
        event: 'bounce',
        type: fate.hard ? 'bounce' : 'blocked',
        reason: fate.reply,
        status,
        bounce_classification: classOf(fate),
      };
    case 'complained':
      return { event: 'spamreport' };
    case 'listed':
      return { event: 'dropped', reason: listed === 'bounce' ? 'Bounced Address' : 'Spam Reporting Address' };
    default:
      return kind satisfies never;
  }
}
