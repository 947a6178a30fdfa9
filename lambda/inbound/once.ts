import type { Clock } from '../platform/clock.ts';
import type { Item, Table } from '../platform/table.ts';

/** What came of delivering one message once. */
export type Once = 'delivered' | 'duplicate' | 'busy';

/** How long a copy at work may take: longer than the function may run, so that its holder is gone when it is over. */
const LEASE_MS = 60_000;
/** How long a SendMessage may be on its way. */
const SEND_MS = 5_000;
/** How long a copy waits for another one, before it lets the provider try again. */
const PATIENCE_MS = 12_000;
const POLL_MS = 150;
/** Providers stop after half a day; an operator, or a provider's support, may send again weeks later. */
const REMEMBER_S = 30 * 86_400;
/** Tries at writing down what is done already: a copy that comes next would otherwise be delivered again. */
const DONE_TRIES = 5;

/**
 * Runs `deliver` for the first copy of a message, over all functions that work at the same time.
 *
 * The claim is written before, and that it is done after. If `deliver` throws, the claim is given up and the next copy
 * runs it. If the function ends in between, the claim lasts a minute. Only a copy of which nobody knows whether it was
 * delivered is delivered again.
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
      // A notice of a mail that was too large is no copy of the whole one.
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
    // Best effort: without it the next copy waits until the lease is over.
    await table.write(item(claim.pk, message, clock, 'failed', claim), claim.rev).catch(() => undefined);
    throw error;
  }
  for (let attempt = 1; attempt <= DONE_TRIES; attempt++) {
    try {
      await table.write(item(claim.pk, message, clock, 'done', claim), claim.rev);
      break;
    } catch {
      // It is on the queue: a failure told to the provider would only bring it once more.
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
