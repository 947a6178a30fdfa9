import type { Policy } from '../routing/policy.ts';
import { LedgerError } from '../submission/ledger.ts';
import { type Progress, pending } from '../submission/progress.ts';
import { reportHeld } from './telemetry.ts';
import type { Work } from './work.ts';

/**
 * Lets all recipients wait while the class of this mail is paused. A class is paused if too much of its mail bounced or led to complaints.
 */
export async function withoutPaused(progress: Progress, { arrived: { message }, context }: Work): Promise<Progress> {
  const addresses = pending(progress);
  if (context.classes === undefined || message.class === undefined || addresses.length === 0) return progress;
  if (!(await context.classes.isPaused(message.class))) return progress;
  reportHeld(context, 'paused');
  return held(progress, new Set(addresses));
}

/**
 * Lets recipients wait whose address is not verified, if the route of the class of mail has the setting `verifiedRecipients`. All
 * classes with this setting together send only one mail to an address, until a mail to the address was delivered. The mail is
 * sent to the other recipients.
 *
 * @throws LedgerError if the state table does not answer. The message then waits on a retry queue
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
