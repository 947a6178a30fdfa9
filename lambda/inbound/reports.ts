import type { ReportedProvider } from '../contract/inbound-environment.ts';
import { type TakeEventDependencies, takeEvents } from '../events/take.ts';
import type { MailContent } from '../providers/inbound.ts';
import { loadReports } from '../providers/registry.ts';
import { readRecord } from '../submission/ledger.ts';

/**
 * Processes the delivery events in a received mail if this mail is a report about mail that this deployment sent. Throws if
 * the processing must be retried.
 */
export type TakeReport = (content: MailContent) => Promise<void>;

/** Media types of parts by which a mail is recognised as a report (RFC 3464, RFC 5965). */
const REPORT = /^message\/(global-)?(delivery-status|feedback-report)\b/i;

/**
 * Creates the function that processes reports about mail which was sent through the `reported` providers. A report is not signed.
 * Therefore a report counts only if its submission has an attempt of one of these providers, and it puts no address on the
 * suppression list.
 */
export function reportTaker(
  reported: readonly ReportedProvider[],
  dependencies: Omit<TakeEventDependencies, 'suppressions'>,
): TakeReport {
  return async (content) => {
    if (!content.files.some(({ contentType }) => REPORT.test(contentType))) return;
    const { table, log } = dependencies;
    for (const type of new Set(reported.map((one) => one.type))) {
      const events = (await loadReports(type))(content);
      const submissionId = events[0]?.reference.submissionId;
      if (submissionId === undefined) continue;
      const attempts = (await readRecord(table, submissionId))?.attempts ?? [];
      const isOf = (provider: string) => reported.some((one) => one.key === provider && one.type === type);
      const attempt = attempts.findLast(({ provider }) => isOf(provider));
      if (attempt === undefined) log.warn('report of mail that was not sent', { type });
      else await takeEvents(attempt.provider, events, dependencies);
    }
  };
}
