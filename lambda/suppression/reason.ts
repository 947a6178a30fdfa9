import type { EventMeaning } from '../providers/event.ts';

/** Reasons for which an address is on the suppression list. `manual`: an operator added it. */
export const SUPPRESSION_REASONS = ['hard-bounce', 'complaint', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/**
 * Reason for which an event puts its recipient on the suppression list; undefined for all events except hard bounces and
 * complaints. A block, a full mailbox or an entry on the provider's own list does not prove that the address accepts no mail.
 */
export function suppressionBy({ type, bounce }: EventMeaning): SuppressionReason | undefined {
  if (type === 'bounced' && bounce === 'hard') return 'hard-bounce';
  return type === 'complained' ? 'complaint' : undefined;
}
