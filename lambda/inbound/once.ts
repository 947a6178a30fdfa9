import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';

/** Result of {@link once} for one message. `busy`: another process is still delivering the message. */
export type Once = 'delivered' | 'duplicate' | 'busy';

/**
 * Duration of a claim on a message, in milliseconds. An invocation of the inbound function ends earlier, after at most 29
 * seconds. The reconciler may run longer, so a process sends a message only while its own claim is valid.
 */
const LEASE_MS = 60_000;
/** Longest duration of a SendMessage call, in milliseconds. */
const SEND_MS = 5_000;
/**
 * Longest wait, in milliseconds, while another process delivers the same message. After this wait the request fails, so the
 * provider retries.
 */
const LONGEST_WAIT_MS = 12_000;
const POLL_MS = 150;
/**
 * Time, in seconds, for which a delivered message is remembered. Providers retry for half a day; an operator, or a provider's
 * support, may have a mail sent again weeks later.
 */
const REMEMBER_S = 30 * 86_400;
/**
 * Number of tries to record a completed delivery. If all tries fail, and the mail is received again after the claim has expired,
 * the message is delivered a second time.
 */
const DONE_TRIES = 5;

/**
 * Runs `deliver` once for a message, even if several processes receive the same message at the same time.
 *
 * A claim on the message is written to the table before `deliver` runs, and is marked as done afterwards. If `deliver` throws,
 * the claim is released, and the message is delivered when it is received again. If the process ends before it has marked the
 * claim as done, the claim expires after a minute. Within 30 days, a message is delivered a second time only if it is not
 * recorded that the first delivery succeeded, or if the first message was truncated and the second is complete.
 */
export async function once(
  table: Table,
  clock: Clock,
  message: { readonly id: string; readonly provider: string; readonly truncated: boolean },
  deliver: (until: number) => Promise<void>,
): Promise<Once> {
  const pk = `inbound/${message.id}`;
  const giveUpAt = clock.now() + LONGEST_WAIT_MS;
  let seen: Item | undefined;
  for (;;) {
    if (seen !== undefined) {
      // A complete mail is no duplicate of the same mail that was delivered in a truncated form.
      const whole = seen['truncated'] !== true || message.truncated;
      if (seen['state'] === 'done' && whole) return 'duplicate';
      if (seen['state'] === 'sending' && Number(seen['until']) > clock.now()) {
        if (clock.now() >= giveUpAt) return 'busy';
        await clock.sleep(POLL_MS);
        seen = await table.get(pk);
        continue;
      }
    }
    const claim = await table.write(item(pk, message, clock, 'sending', seen), seen?.rev);
    if (claim.done) return await finish(table, clock, message, claim.item, deliver);
    seen = claim.current;
  }
}

async function finish(
  table: Table,
  clock: Clock,
  message: { readonly provider: string; readonly truncated: boolean },
  claim: Item,
  deliver: (until: number) => Promise<void>,
): Promise<Once> {
  try {
    await deliver(Number(claim['until']) - SEND_MS);
  } catch (error) {
    // The write that releases the claim may fail. In this case the message can be delivered only after the claim has expired.
    await table.write(item(claim.pk, message, clock, 'failed', claim), claim.rev).catch(() => undefined);
    throw error;
  }
  for (let attempt = 1; attempt <= DONE_TRIES; attempt++) {
    try {
      await table.write(item(claim.pk, message, clock, 'done', claim), claim.rev);
      break;
    } catch {
      // The error is not thrown, since the message is on the queue: an error would only make the provider send the mail
      // again.
      if (attempt < DONE_TRIES) await clock.sleep(100 * 2 ** attempt);
    }
  }
  return 'delivered';
}

function item(
  pk: string,
  { provider, truncated }: { readonly provider: string; readonly truncated: boolean },
  clock: Clock,
  state: 'sending' | 'failed' | 'done',
  before: Item | undefined,
) {
  const now = clock.now();
  return {
    ...before,
    pk,
    state,
    provider,
    truncated,
    until: state === 'sending' ? now + LEASE_MS : now,
    expires: Math.floor(now / 1000) + REMEMBER_S,
  };
}
