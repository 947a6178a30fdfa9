import type { Outcome } from '../mail/outcome.ts';

const COMPLAINT = /complain|unsubscri|spam report/i;
const BOUNCE = /bounce/i;

/**
 * Whether a refusal is about a mailbox, about which another provider may know better.
 *
 * A complaint or an unsubscription is the recipient's decision and applies to all providers. Postmark's sentence names
 * all three causes at once (postmarkapp.com/developer/api/overview, ErrorCode 406, 2026-11-23), so it may be about the
 * mailbox.
 */
export function isAboutMailbox(outcome: Outcome): boolean {
  if (outcome.kind !== 'refused' || outcome.blames !== 'recipient') return false;
  const words = `${outcome.reason} ${outcome.detail ?? ''}`;
  return BOUNCE.test(words) || !COMPLAINT.test(words);
}
