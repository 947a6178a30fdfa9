import { STANDINGS } from '../contract/metric-outcomes.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { loggedId } from '../providers/reference.ts';
import type { SubmissionAccount } from './account.ts';

/** Writes an account as metrics, and as lines of the log: one for the whole, and one for each lost submission that it names. */
export function reportAccount(
  { taken, counts, lost }: SubmissionAccount,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, 'add'> },
): void {
  for (const outcome of STANDINGS) metrics.add('Submissions', counts[outcome], { outcome });
  log.info('account', { taken, ...counts });
  // An id may contain an address.
  for (const { id, dueAt } of lost)
    log.error('lost', { submissionId: loggedId(id), dueAt: new Date(dueAt).toISOString() });
}
