import type { Policy } from '../routing/policy.ts';
import { LedgerError } from '../submission/ledger.ts';
import { type Progress, pending } from '../submission/progress.ts';
import type { Work } from './work.ts';

/**
 * Lets the recipients wait that no mail of the class has reached yet, apart from the first mail to each; only where the class
 * asks for that. The others go on.
 *
 * @throws LedgerError if the table does not answer: the message waits on a retry queue
 */
export async function withoutUnverified(
  progress: Progress,
  { verifiedRecipients }: Policy,
  { arrived: { message }, context: { verified } }: Work,
): Promise<Progress> {
  const addresses = pending(progress);
  if (!verifiedRecipients || verified === undefined || addresses.length === 0) return progress;
  const waiting = await verified.waiting(addresses, message.id).catch((error: unknown) => {
    throw new LedgerError('the verified recipients cannot be read', { cause: error });
  });
  if (waiting.size === 0) return progress;
  return {
    ...progress,
    recipients: progress.recipients.map((one) =>
      !one.end && waiting.has(one.address) ? { ...one, gated: true } : one,
    ),
  };
}
