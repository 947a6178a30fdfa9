import { blocked, type EventFact, hard, meaning, soft } from '../event.ts';
import { cite } from '../fact.ts';

const CONTENTS = cite('docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html', '2026-11-29');
/** Source of subtypes that SES added in 2026. The Developer Guide of SES does not list them yet. */
const REPORTS = cite('public reports; API_GetMessageInsights', '2026-11-23');

const subtypes = (type: string, codes: RegExp, means: EventFact['means'], source = CONTENTS): EventFact => ({
  at: [type],
  code: codes,
  means,
  source,
});

/**
 * Meanings of all known events. `at` is the name of the event. `code` is `type/subtype` of a bounce or complaint, or the type of
 * a delay. `text` is the reply of the receiving server, or the reason of the event.
 */
export const SES_EVENTS: readonly EventFact[] = [
  { at: ['Send'], means: meaning('accepted'), source: CONTENTS },
  { at: ['Delivery'], means: meaning('delivered'), source: CONTENTS },
  { at: ['Open'], means: meaning('opened'), source: CONTENTS },
  { at: ['Click'], means: meaning('clicked'), source: CONTENTS },
  { at: ['Subscription'], means: meaning('unsubscribed'), source: CONTENTS },
  { at: ['Reject'], text: /virus|content/i, means: meaning('rejected', 'virus'), source: CONTENTS },
  { at: ['Reject'], means: meaning('rejected', 'policy'), source: CONTENTS },
  { at: ['Rendering Failure', 'RenderingFailure'], means: meaning('rejected', 'template'), source: CONTENTS },

  subtypes('DeliveryDelay', /^MailboxFull$/, meaning('deferred', 'mailbox-full')),
  subtypes('DeliveryDelay', /^SpamDetected$/, meaning('deferred', 'spam')),
  subtypes('DeliveryDelay', /^IPFailure$/, meaning('deferred', 'reputation')),
  subtypes('DeliveryDelay', /^BYOIPHostNameLookupUnavailable$/, meaning('deferred', 'dns')),
  subtypes(
    'DeliveryDelay',
    /^(TransientCommunicationFailure|RecipientServerError)$/,
    meaning('deferred', 'unreachable'),
  ),
  { at: ['DeliveryDelay'], means: meaning('deferred', 'temporary'), source: CONTENTS },

  // With such a subtype, a bounce of any type means that the address is on a suppression list, and that SES made no attempt to
  // deliver the mail.
  subtypes('Bounce', /Suppress/, meaning('suppressed', 'bounced-before'), REPORTS),
  subtypes('Bounce', /^Permanent\/(General|NoEmail)$/, hard('mailbox-unknown')),
  subtypes('Bounce', /\/MailboxFull$/, soft('mailbox-full')),
  subtypes('Bounce', /\/MessageTooLarge$/, soft('too-large')),
  subtypes('Bounce', /\/ContentRejected$/, blocked('content')),
  subtypes('Bounce', /\/AttachmentRejected$/, blocked('attachment')),
  subtypes('Bounce', /\/CustomTimeoutExceeded$/, soft('expired'), REPORTS),
  { at: ['Bounce'], means: soft('unknown'), source: CONTENTS },

  subtypes('Complaint', /Suppress/, meaning('suppressed', 'complained-before')),
  // The recipient moved the mail out of the spam folder.
  subtypes('Complaint', /^not-spam/, meaning('other', 'not-spam')),
  // This report is about the authentication of the sender. It does not come from the recipient.
  subtypes('Complaint', /^auth-failure/, meaning('other', 'policy')),
  subtypes('Complaint', /^fraud/, meaning('complained', 'fraud')),
  subtypes('Complaint', /^virus/, meaning('complained', 'virus')),
  { at: ['Complaint'], means: meaning('complained', 'spam-report'), source: CONTENTS },
];
