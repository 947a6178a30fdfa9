import type { Policy } from '../routing/policy.ts';
import { LedgerError } from '../submission/ledger.ts';
import { type Progress, pending } from '../submission/progress.ts';
import { reportHeld } from './telemetry.ts';
import type { Work } from './work.ts';

/**
 * Marks all recipients as waiting if the class of this mail is paused. A class is paused if too much of its mail bounced or led
 * to complaints.
 */
export async function withoutPaused(progress: Progress, { arrived: { message }, context }: Work): Promise<Progress> {
  const addresses = pending(progress);
  if (context.classes === undefined || message.class === undefined || addresses.length === 0) return progress;
  if (!(await context.classes.isPaused(message.class))) return progress;
  reportHeld(context, 'paused');
  return held(progress, new Set(addresses));
}

/**
 * Marks recipients as waiting if their address is not verified and the route of the class of mail has the setting
 * `verifiedRecipients`. All classes with this setting together send only one mail to an address until the address is verified.
 * The present mail is sent to all recipients that are not marked.
 *
 * @throws LedgerError if the verified recipients cannot be read from the state table. The message is then sent to a retry queue
 */
export async function withoutUnverified(
  progress: Progress,
  { verifiedRecipients }: Policy,
  { arrived: { message }, context }: Work,
): Promise<Progress> {
  const { verified } = context;
  const addresses = pending(progress);
  if (!verifiedRecipients || verified === undefined || addresses.length === 0) return progress;
  const waiting = await verified.waiting(addresses, message.id).catch((error: unknown) => {
    throw new LedgerError('the verified recipients cannot be read', { cause: error });
  });
  if (waiting.size === 0) return progress;
  reportHeld(context, 'unverified');
  return held(progress, waiting);
}

function held(progress: Progress, addresses: ReadonlySet<string>): Progress {
  return {
    ...progress,
    recipients: progress.recipients.map((one) =>
      !one.end && addresses.has(one.address) ? { ...one, gated: true } : one,
    ),
  };
}
