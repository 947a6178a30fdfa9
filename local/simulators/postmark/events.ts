import { randomInt } from 'node:crypto';
import { BOUNCE_TYPES } from '../../../lambda/providers/postmark/events.ts';
import type { StackClock } from '../../clock.ts';
import type { Report } from '../events/reporter.ts';
import { type SimulatedEvent, simulatedEvents } from '../events/simulated-events.ts';
import type { PostmarkMail } from './mail.ts';
import type { PostmarkSuppressions } from './suppressions.ts';

/**
 * Reports the events of an accepted mail for each recipient: a delivery, a bounce or a complaint
 * (postmarkapp.com/developer/webhooks, 2026-11-23). If a bounce or complaint makes the address inactive, a subscription change is
 * reported too.
 */
export function reportPostmark(
  { fields }: PostmarkMail,
  MessageID: string,
  recipients: readonly string[],
  to: { readonly clock: StackClock; readonly report: Report; readonly suppressions: PostmarkSuppressions },
): void {
  const { clock, report, suppressions } = to;
  const stream = fields.MessageStream ?? 'outbound';
  const common = {
    MessageID,
    MessageStream: stream,
    ServerID: 1,
    Tag: fields.Tag ?? '',
    Metadata: fields.Metadata ?? {},
  };
  for (const recipient of recipients) {
    for (const simulated of simulatedEvents(recipient, false)) {
      const type = bounceTypeOf(simulated);
      if (type === undefined && simulated.kind !== 'delivered') continue;
      const at = clock.toReal(clock.now() + simulated.afterMs);
      const time = new Date(at).toISOString();
      if (type === undefined) {
        report(
          {
            ...common,
            RecordType: 'Delivery',
            Recipient: recipient,
            DeliveredAt: time,
            Details: simulated.fate.reply,
          },
          simulated.afterMs,
        );
        continue;
      }
      const reason = DEACTIVATES[type];
      report(
        {
          ...common,
          RecordType: type === 'SpamComplaint' ? 'SpamComplaint' : 'Bounce',
          ID: randomInt(2 ** 47),
          Type: type,
          TypeCode: TYPE_CODES[type],
          Name: type,
          Description: '',
          Details: simulated.kind === 'complained' ? '' : `smtp;${simulated.fate.reply}`,
          Email: recipient,
          From: fields.From,
          BouncedAt: time,
          DumpAvailable: true,
          Inactive: reason !== undefined,
          CanActivate: reason === 'HardBounce',
          Subject: fields.Subject ?? '',
        },
        simulated.afterMs,
      );
      if (reason === undefined) continue;
      suppressions.suppress(stream, recipient, reason, at);
      report(
        {
          ...common,
          RecordType: 'SubscriptionChange',
          ChangedAt: time,
          Recipient: recipient,
          Origin: 'Recipient',
          SuppressSending: true,
          SuppressionReason: reason,
        },
        simulated.afterMs,
      );
    }
  }
}

const TYPE_CODES = Object.fromEntries(Object.entries(BOUNCE_TYPES).map(([code, name]) => [name, Number(code)]));

/**
 * Types of bounces and complaints after which Postmark makes the address inactive, with the reason of its suppression (bounce
 * API, 2026-11-23).
 */
const DEACTIVATES: Readonly<Record<string, 'HardBounce' | 'SpamComplaint' | undefined>> = {
  HardBounce: 'HardBounce',
  BadEmailAddress: 'HardBounce',
  SpamComplaint: 'SpamComplaint',
};

/** Returns Postmark's bounce type for an event that is a bounce, a delay or a complaint; undefined for any other event. */
function bounceTypeOf({ kind, fate }: SimulatedEvent): string | undefined {
  if (kind === 'complained') return 'SpamComplaint';
  if (kind === 'accepted') return undefined;
  // If the name of a test address is a bounce type, Postmark reports this bounce type for mail to the address, whatever the type
  // means.
  if (fate.bounceType) return fate.bounceType;
  if (kind === 'deferred') return 'Transient';
  if (kind === 'bounced') return fate.hard ? 'HardBounce' : 'SoftBounce';
  return kind === 'listed' ? 'HardBounce' : undefined;
}
