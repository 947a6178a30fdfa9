import type { DeliveryEvent } from '../contract/event.ts';
import type { Unsubscribes } from '../suppression/unsubscribes.ts';
import type { VerifiedRecipients } from '../suppression/verified.ts';

/**
 * Notes an unsubscribe at the provider, or its end, for the class of the mail; only where the class has unsubscribes. The times of
 * the events decide, in whatever order they come; of one time, the unsubscribe.
 */
export async function noteSubscription(
  { type, recipient, class: name, provider }: DeliveryEvent,
  at: number,
  unsubscribable: readonly string[] = [],
  unsubscribes: Pick<Unsubscribes, 'add' | 'remove'>,
): Promise<void> {
  if (recipient === undefined || name === undefined || !unsubscribable.includes(name)) return;
  const subscription = { address: recipient, class: name };
  // The event of the provider is put on the queue right after.
  if (type === 'unsubscribed') await unsubscribes.add(subscription, { at, source: provider, reported: true });
  if (type === 'resubscribed') await unsubscribes.remove(subscription, at);
}

/** Verifies a recipient that a mail of a gated class has reached; a click of a scanner says nothing of a person. */
export async function noteVerified(
  { type, recipient, class: name, machine }: DeliveryEvent,
  gated: readonly string[] = [],
  verified: Pick<VerifiedRecipients, 'verify'>,
): Promise<void> {
  if (recipient === undefined || name === undefined || !gated.includes(name)) return;
  if (type === 'delivered' || (type === 'clicked' && !machine)) await verified.verify(recipient);
}
