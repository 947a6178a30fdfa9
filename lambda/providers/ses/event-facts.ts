import {
  accepted,
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
  soft,
  UNKNOWN_EVENT,
  unsubscribed,
} from '../event.ts';
import { cite } from '../fact.ts';

const CONTENTS = cite('docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html', '2026-11-29');
/** Subtypes of 2026 that the page does not list yet. */
const REPORTS = cite('public reports; API_GetMessageInsights', '2026-11-23');

const subtypes = (type: string, codes: RegExp, means: EventFact['means'], source = CONTENTS): EventFact => ({
  at: [type],
  code: codes,
  means,
  source,
});

/** All known events: `at` is the event; `code` type and subtype of a bounce, feedback type of a complaint, type of a delay. */
export const SES_EVENTS: readonly EventFact[] = [
  { at: ['Send'], means: accepted, source: CONTENTS },
  { at: ['Delivery'], means: delivered, source: CONTENTS },
  { at: ['Open'], means: opened, source: CONTENTS },
  { at: ['Click'], means: clicked, source: CONTENTS },
  { at: ['Subscription'], means: unsubscribed, source: CONTENTS },
  { at: ['Reject'], text: /virus|content/i, means: rejected('virus'), source: CONTENTS },
  { at: ['Reject'], means: rejected('policy'), source: CONTENTS },
  { at: ['Rendering Failure', 'RenderingFailure'], means: rejected('template'), source: CONTENTS },

  subtypes('DeliveryDelay', /^MailboxFull$/, deferred('mailbox-full')),
  subtypes('DeliveryDelay', /^SpamDetected$/, deferred('spam')),
  subtypes('DeliveryDelay', /^IPFailure$/, deferred('reputation')),
  subtypes('DeliveryDelay', /^BYOIPHostNameLookupUnavailable$/, deferred('dns')),
  subtypes('DeliveryDelay', /^(TransientCommunicationFailure|RecipientServerError)$/, deferred('unreachable')),
  { at: ['DeliveryDelay'], means: deferred('temporary'), source: CONTENTS },

  // Any type: the address is on a list, so that nothing was tried.
  subtypes('Bounce', /Suppress/, listed('bounced-before'), REPORTS),
  subtypes('Bounce', /^Permanent\/(General|NoEmail)$/, hard('mailbox-unknown')),
  subtypes('Bounce', /\/MailboxFull$/, soft('mailbox-full')),
  subtypes('Bounce', /\/MessageTooLarge$/, soft('too-large')),
  subtypes('Bounce', /\/ContentRejected$/, blocked('content')),
  subtypes('Bounce', /\/AttachmentRejected$/, blocked('attachment')),
  subtypes('Bounce', /\/CustomTimeoutExceeded$/, soft('expired'), REPORTS),
  { at: ['Bounce'], means: soft('unknown'), source: CONTENTS },

  subtypes('Complaint', /Suppress/, listed('complained-before')),
  // The recipient moved the mail out of the spam folder.
  subtypes('Complaint', /^not-spam/, other('not-spam')),
  // A report about the authentication of the sender, not by the recipient.
  subtypes('Complaint', /^auth-failure/, other('policy')),
  subtypes('Complaint', /^fraud/, complained('fraud')),
  subtypes('Complaint', /^virus/, complained('virus')),
  { at: ['Complaint'], means: complained('spam-report'), source: CONTENTS },
  { means: UNKNOWN_EVENT, source: CONTENTS },
];
