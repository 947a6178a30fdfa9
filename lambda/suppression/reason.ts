import type { EventMeaning } from '../providers/event.ts';

/** Why an address is on the suppression list. `manual`: an operator put it there. */
export const SUPPRESSION_REASONS = ['hard-bounce', 'complaint', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/**
 * Whether an event puts its recipient on the suppression list: hard bounces and complaints only. A block, a full mailbox or
 * an entry of the provider's own list says nothing about the address.
 */
export function suppressionBy({ type, bounce }: EventMeaning): SuppressionReason | undefined {
  if (type === 'bounced' && bounce === 'hard') return 'hard-bounce';
  return type === 'complained' ? 'complaint' : undefined;
}
