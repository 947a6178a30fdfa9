import { randomInt } from 'node:crypto';
import { BOUNCE_TYPES } from '../../../lambda/providers/postmark/events.ts';
import type { StackClock } from '../../clock.ts';
import { courseOf, type Step } from '../events/course.ts';
import type { Report } from '../events/reporter.ts';
import type { PostmarkMail } from './mail.ts';
import type { PostmarkSuppressions } from './suppressions.ts';

/**
 * Reports what becomes of an accepted mail (postmarkapp.com/developer/webhooks, 2026-11-23): a delivery, a bounce, or a
 * complaint; and the end of the subscription where an address becomes inactive by it.
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
    for (const step of courseOf(recipient, false)) {
      const type = bounceTypeOf(step);
      if (type === undefined && step.kind !== 'delivered') continue;
      const at = clock.toReal(clock.now() + step.afterMs);
      const time = new Date(at).toISOString();
      if (type === undefined) {
        report(
          { ...common, RecordType: 'Delivery', Recipient: recipient, DeliveredAt: time, Details: step.fate.reply },
          step.afterMs,
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
          Details: step.kind === 'complained' ? '' : `smtp;${step.fate.reply}`,
          Email: recipient,
          From: fields.From,
          BouncedAt: time,
          DumpAvailable: true,
          Inactive: reason !== undefined,
          CanActivate: reason === 'HardBounce',
          Subject: fields.Subject ?? '',
        },
        step.afterMs,
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
        step.afterMs,
      );
    }
  }
}

const TYPE_CODES = Object.fromEntries(Object.entries(BOUNCE_TYPES).map(([code, name]) => [name, Number(code)]));

/** Bounces and complaints after which an address gets no more mail (bounce API, 2026-11-23). */
const DEACTIVATES: Readonly<Record<string, 'HardBounce' | 'SpamComplaint' | undefined>> = {
  HardBounce: 'HardBounce',
  BadEmailAddress: 'HardBounce',
  SpamComplaint: 'SpamComplaint',
};

/** The type of the bounce or complaint that a step is; undefined for another one. */
function bounceTypeOf({ kind, fate }: Step): string | undefined {
  if (kind === 'complained') return 'SpamComplaint';
  if (kind === 'accepted') return undefined;
  // An address that names a type bounces with it, whatever it means.
  if (fate.bounceType) return fate.bounceType;
  if (kind === 'deferred') return 'Transient';
  if (kind === 'bounced') return fate.hard ? 'HardBounce' : 'SoftBounce';
  return kind === 'listed' ? 'HardBounce' : undefined;
}
