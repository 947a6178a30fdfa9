import { blocked, type EventFact, hard, meaning, soft } from '../event.ts';
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
 * Meanings of all known events. `at` is the RecordType. For a bounce, `code` is its type. For a SubscriptionChange, `code`
 * consists of the fields `SuppressSending/SuppressionReason/Origin`, such as `true/HardBounce/Recipient`.
 */
export const POSTMARK_EVENTS: readonly EventFact[] = [
  { at: ['Delivery'], means: meaning('delivered'), source: WEBHOOKS },
  { at: ['Open'], means: meaning('opened'), source: WEBHOOKS },
  { at: ['Click'], means: meaning('clicked'), source: WEBHOOKS },
  { at: ['SpamComplaint'], means: meaning('complained', 'spam-report'), source: WEBHOOKS },

  bounce('HardBounce', hard('mailbox-unknown')),
  bounce('BadEmailAddress', hard('address-invalid')),
  bounce('AddressChange', hard('mailbox-moved')),
  bounce('Transient', meaning('deferred', 'temporary')),
  bounce('SoftBounce', soft('unknown')),
  bounce('DnsError', soft('dns')),
  bounce('Unknown', soft('unknown')),
  bounce('Blocked', blocked('reputation')),
  bounce('SpamNotification', blocked('spam')),
  bounce('VirusNotification', blocked('virus')),
  bounce('DMARCPolicy', blocked('authentication')),
  bounce('SpamComplaint', meaning('complained', 'spam-report')),
  bounce('Unsubscribe', meaning('unsubscribed')),
  bounce('Subscribe', meaning('other', 'auto-reply')),
  bounce('AutoResponder', meaning('other', 'auto-reply')),
  bounce('ChallengeVerification', meaning('other', 'challenge')),
  bounce('OpenRelayTest', meaning('other', 'test')),
  bounce('Unconfirmed', meaning('other', 'test')),
  bounce('InboundError', meaning('other', 'test')),
  bounce('ManuallyDeactivated', meaning('suppressed', 'deactivated')),
  bounce('SMTPApiError', meaning('rejected', 'policy')),
  bounce('TemplateRenderingFailed', meaning('rejected', 'template')),
  { at: ['Bounce'], means: soft('unknown'), source: BOUNCES },

  // A code that begins with `true` means that Postmark now suppresses mail to the recipient. The bounce or complaint itself is a
  // separate event.
  {
    at: ['SubscriptionChange'],
    code: /^true\/HardBounce\//,
    means: meaning('suppressed', 'bounced-before'),
    source: SUBSCRIPTION,
  },
  {
    at: ['SubscriptionChange'],
    code: /^true\/SpamComplaint\//,
    means: meaning('suppressed', 'complained-before'),
    source: SUBSCRIPTION,
  },
  { at: ['SubscriptionChange'], code: /^true\/.*\/Recipient$/, means: meaning('unsubscribed'), source: SUBSCRIPTION },
  { at: ['SubscriptionChange'], code: /^true\//, means: meaning('suppressed', 'deactivated'), source: SUBSCRIPTION },
  { at: ['SubscriptionChange'], code: /^false\//, means: meaning('resubscribed'), source: SUBSCRIPTION },
];
