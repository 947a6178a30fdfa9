import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';

/** Result of delivering one message once. */
export type Once = 'delivered' | 'duplicate' | 'busy';

/** Longest time of one claim: longer than the function may run, so that its owner has ended when it expires. */
const LEASE_MS = 60_000;
/** Longest time of a SendMessage call. */
const SEND_MS = 5_000;
/** How long a copy waits for another one before it asks the provider to try again. */
const PATIENCE_MS = 12_000;
const POLL_MS = 150;
/**
 * How long a delivered message is remembered: providers retry for half a day; an operator, or a provider's support, may
 * send again weeks later.
 */
const REMEMBER_S = 30 * 86_400;
/** Tries of recording a completed delivery: if all fail, the next copy is delivered again. */
const DONE_TRIES = 5;

/**
 * Runs `deliver` for the first copy of a message, over all functions that work at the same time.
 *
 * The claim is written before, and the completion after. If `deliver` throws, the claim is released, and the next copy
 * runs it. If the function ends in between, the claim lasts a minute. A copy is delivered again only if it is unknown
 * whether the first one was.
 */
export async function once(
  table: Table,
  clock: Clock,
  message: { readonly id: string; readonly provider: string; readonly truncated: boolean },
  deliver: (until: number) => Promise<void>,
): Promise<Once> {
  const pk = `inbound/${message.id}`;
  const patience = clock.now() + PATIENCE_MS;
  let seen: Item | undefined;
  for (;;) {
    if (seen !== undefined) {
      // The notice about a mail that was too large is no copy of the complete mail.
      const whole = seen['truncated'] !== true || message.truncated;
      if (seen['state'] === 'done' && whole) return 'duplicate';
      if (seen['state'] === 'sending' && Number(seen['until']) > clock.now()) {
        if (clock.now() >= patience) return 'busy';
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
    // The release may fail: the next copy then waits until the claim expires.
    await table.write(item(claim.pk, message, clock, 'failed', claim), claim.rev).catch(() => undefined);
    throw error;
  }
  for (let attempt = 1; attempt <= DONE_TRIES; attempt++) {
    try {
      await table.write(item(claim.pk, message, clock, 'done', claim), claim.rev);
      break;
    } catch {
      // The message is on the queue: a failure would only make the provider send it again.
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
