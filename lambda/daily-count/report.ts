import { STANDINGS } from '../contract/metric-outcomes.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { loggedId } from '../providers/reference.ts';
import type { SubmissionCounts } from './count.ts';

/** Writes the daily count of submissions as metrics and log lines: one line with all counts, and one line for each lost submission in `lost`. */
export function reportCounts(
  { taken, counts, lost }: SubmissionCounts,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, 'add'> },
): void {
  for (const outcome of STANDINGS) metrics.add('Submissions', counts[outcome], { outcome });
  log.info('submissions counted', { taken, ...counts });
  // The id is not logged unchanged, since a submission's id may contain an e-mail address.
  for (const { id, dueAt } of lost)
    log.error('lost', { submissionId: loggedId(id), dueAt: new Date(dueAt).toISOString() });
}
