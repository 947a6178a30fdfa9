import type { Policy } from '../routing/policy.ts';
import { LedgerError } from '../submission/ledger.ts';
import { type Progress, pending } from '../submission/progress.ts';
import { reportHeld } from './telemetry.ts';
import type { Work } from './work.ts';

/** Lets all recipients wait while their class is paused, since too many of them bounced or complained. */
export async function withoutPaused(progress: Progress, { arrived: { message }, context }: Work): Promise<Progress> {
  const addresses = pending(progress);
  if (context.classes === undefined || message.class === undefined || addresses.length === 0) return progress;
  if (!(await context.classes.isPaused(message.class))) return progress;
  reportHeld(context, 'paused');
  return held(progress, new Set(addresses));
}

/**
 * Lets the recipients wait that no mail of the class has reached yet, apart from the first mail to each; only where the class
 * asks for that. The others go on.
 *
 * @throws LedgerError if the table does not answer: the message waits on a retry queue
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
