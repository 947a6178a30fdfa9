import type { DeliveryEvent } from '../contract/event.ts';
import type { Unsubscribes } from '../suppression/unsubscribes.ts';

/** Notes an unsubscribe at the provider, or its end, for the class of the mail; only where the class has unsubscribes. */
export async function noteSubscription(
  { type, recipient, class: name, provider, at }: DeliveryEvent,
  unsubscribable: readonly string[] = [],
  unsubscribes: Pick<Unsubscribes, 'add' | 'remove'>,
): Promise<void> {
  if (recipient === undefined || name === undefined || !unsubscribable.includes(name)) return;
  const subscription = { address: recipient, class: name };
  // The event of the provider is put on the queue right after.
  if (type === 'unsubscribed')
    await unsubscribes.add(subscription, { at: Date.parse(at), source: provider, told: true });
  if (type === 'resubscribed') await unsubscribes.remove(subscription);
}
