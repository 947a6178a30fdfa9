import type { DeliveryEvent } from '../contract/event.ts';
import type { Unsubscribes } from '../suppression/unsubscribes.ts';
import type { VerifiedRecipients } from '../suppression/verified.ts';

/**
 * Records that a recipient unsubscribed from the class of a mail at the provider, or resubscribed. Does nothing if the class
 * is not in `unsubscribable`. The event with the latest time counts, in whatever order the events arrive. If an unsubscribe
 * and a resubscribe have the same time, the unsubscribe counts.
 */
export async function noteSubscription(
  { type, recipient, class: name, provider }: DeliveryEvent,
  at: number,
  unsubscribable: readonly string[] = [],
  unsubscribes: Pick<Unsubscribes, 'add' | 'remove'>,
): Promise<void> {
  if (recipient === undefined || name === undefined || !unsubscribable.includes(name)) return;
  const subscription = { address: recipient, class: name };
  // The entry is marked as reported, since the provider's own event is put on the events queue right afterwards.
  if (type === 'unsubscribed') await unsubscribes.add(subscription, { at, source: provider, reported: true });
  if (type === 'resubscribed') await unsubscribes.remove(subscription, at);
}

/** Records a recipient as verified if a mail of a class in `gated` was delivered, or if a person (not a scanner) clicked a link in the mail. */
export async function noteVerified(
  { type, recipient, class: name, machine }: DeliveryEvent,
  gated: readonly string[] = [],
  verified: Pick<VerifiedRecipients, 'verify'>,
): Promise<void> {
  if (recipient === undefined || name === undefined || !gated.includes(name)) return;
  if (type === 'delivered' || (type === 'clicked' && !machine)) await verified.verify(recipient);
}
