import { errorName } from '../platform/error-name.ts';
import { loggedId } from '../providers/reference.ts';
import type { Policy } from '../routing/policy.ts';
import { LedgerError } from '../submission/ledger.ts';
import { countOf } from '../submission/log.ts';
import { type Progress, pending, type Suppression } from '../submission/progress.ts';
import type { FoundEntry } from '../suppression/list.ts';
import { OWN_SOURCE } from '../suppression/unsubscribes.ts';
import type { Work } from './work.ts';

/**
 * Excludes the recipients that are on the suppression list or have unsubscribed from the class of mail, before any provider is
 * called. The mail is sent to the other recipients. The settings of a class can ignore entries for hard bounces, but never
 * entries for complaints.
 *
 * @throws LedgerError if the list cannot be read and `onListUnreadable` is `wait`. The message is then sent to a retry queue.
 * With the default `send`, the mail is sent without this check
 */
export async function withoutListed(
  progress: Progress,
  { overrideHardBounces, onListUnreadable, unsubscribable }: Policy,
  { arrived: { message }, context }: Work,
): Promise<Progress> {
  const { suppressions, log } = context;
  const addresses = pending(progress);
  if (suppressions === undefined || addresses.length === 0) return progress;
  let listed: ReadonlyMap<string, FoundEntry>;
  try {
    listed = await suppressions.find(addresses, unsubscribable);
  } catch (error) {
    log.warn('suppression list unreadable', { submissionId: loggedId(message.id), error: errorName(error) });
    if (onListUnreadable === 'wait') throw new LedgerError('the suppression list cannot be read', { cause: error });
    return progress;
  }
  const stopped = new Map([...listed].filter(([, { reason }]) => !(overrideHardBounces && reason === 'hard-bounce')));
  if (stopped.size === 0) return progress;
  const unreported = Array.from(
    stopped,
    ([address, { source, reason }]): Suppression => ({
      address,
      // The source of a manual entry is the name of an operator. Applications get the event, and must not get this name.
      provider: reason === 'manual' ? OWN_SOURCE : source,
      attempt: countOf(progress.log),
      reason: REASON[reason],
    }),
  );
  return {
    ...progress,
    recipients: progress.recipients.map((one) =>
      !one.end && stopped.has(one.address) ? { ...one, end: 'suppressed' as const } : one,
    ),
    unreported: [...progress.unreported, ...unreported],
  };
}

const REASON = {
  'hard-bounce': 'bounced-before',
  complaint: 'complained-before',
  manual: 'deactivated',
  unsubscribed: 'unsubscribed-before',
} as const;
