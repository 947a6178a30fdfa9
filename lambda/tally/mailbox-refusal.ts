import type { Outcome } from '../mail/outcome.ts';

const COMPLAINT = /complain|unsubscri|spam report/i;
const BOUNCE = /bounce/i;

/**
 * Whether a provider refused a recipient because of the recipient's mailbox. Such a refusal may be wrong, and another provider may accept the
 * recipient.
 *
 * A refusal because of a complaint or an unsubscription is not about the mailbox. The recipient made this decision, and it applies to all
 * providers. The text of Postmark names bounce, complaint and unsubscription together (postmarkapp.com/developer/api/overview, ErrorCode 406,
 * 2026-11-23). Therefore such a text counts as a refusal because of the mailbox.
 */
export function isAboutMailbox(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused' || outcome.blames !== 'recipient') return false;
  const words = `${outcome.reason} ${outcome.detail ?? ''}`;
  return BOUNCE.test(words) || !COMPLAINT.test(words);
}
