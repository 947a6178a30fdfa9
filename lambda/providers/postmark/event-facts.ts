import {
  blocked,
  clicked,
  complained,
  deferred,
  delivered,
  type EventFact,
  hard,
  listed,
  opened,
  other,
  rejected,
  resubscribed,
  soft,
  UNKNOWN_EVENT,
  unsubscribed,
} from '../event.ts';
import { cite } from '../fact.ts';

const WEBHOOKS = cite('postmarkapp.com/developer/webhooks/webhooks-overview', '2026-11-23');
const BOUNCES = cite(
  'postmarkapp.com/developer/api/bounce-api, bounce types; BounceType of postmark.js 5.1.0',
  '2026-11-23',
);
const SUBSCRIPTION = cite('postmarkapp.com/developer/webhooks/subscription-change-webhook', '2026-11-29');

const bounce = (type: string, means: EventFact['means']): EventFact => ({
  at: ['Bounce'],
  code: [type],
  means,
  source: BOUNCES,
});

/**
 * All known events: `at` is the RecordType, `code` the type of a bounce, or of a change of a subscription its direction,
 * reason and origin.
 */
export const POSTMARK_EVENTS: readonly EventFact[] = [
  { at: ['Delivery'], means: delivered, source: WEBHOOKS },
  { at: ['Open'], means: opened, source: WEBHOOKS },
  { at: ['Click'], means: clicked, source: WEBHOOKS },
  { at: ['SpamComplaint'], means: complained('spam-report'), source: WEBHOOKS },

  bounce('HardBounce', hard('mailbox-unknown')),
  bounce('BadEmailAddress', hard('address-invalid')),
  bounce('AddressChange', hard('mailbox-moved')),
  bounce('Transient', deferred('temporary')),
  bounce('SoftBounce', soft('unknown')),
  bounce('DnsError', soft('dns')),
  bounce('Unknown', soft('unknown')),
  bounce('Blocked', blocked('reputation')),
  bounce('SpamNotification', blocked('spam')),
  bounce('VirusNotification', blocked('virus')),
  bounce('DMARCPolicy', blocked('authentication')),
  bounce('SpamComplaint', complained('spam-report')),
  bounce('Unsubscribe', unsubscribed),
  bounce('Subscribe', other('auto-reply')),
  bounce('AutoResponder', other('auto-reply')),
  bounce('ChallengeVerification', other('challenge')),
  bounce('OpenRelayTest', other('test')),
  bounce('Unconfirmed', other('test')),
  bounce('InboundError', other('test')),
  bounce('ManuallyDeactivated', listed('deactivated')),
  bounce('SMTPApiError', rejected('policy')),
  bounce('TemplateRenderingFailed', rejected('template')),
  { at: ['Bounce'], means: soft('unknown'), source: BOUNCES },

  // `true`: mail to the recipient is stopped. The same bounce or complaint has an event of its own.
  { at: ['SubscriptionChange'], code: /^true\/HardBounce\//, means: listed('bounced-before'), source: SUBSCRIPTION },
  {
    at: ['SubscriptionChange'],
    code: /^true\/SpamComplaint\//,
    means: listed('complained-before'),
    source: SUBSCRIPTION,
  },
  { at: ['SubscriptionChange'], code: /^true\/.*\/Recipient$/, means: unsubscribed, source: SUBSCRIPTION },
  { at: ['SubscriptionChange'], code: /^true\//, means: listed('deactivated'), source: SUBSCRIPTION },
  { at: ['SubscriptionChange'], code: /^false\//, means: resubscribed, source: SUBSCRIPTION },
  { means: UNKNOWN_EVENT, source: WEBHOOKS },
];
