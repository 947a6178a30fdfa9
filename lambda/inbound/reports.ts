import type { ReportedProvider } from '../contract/inbound-environment.ts';
import { type TakeEventDependencies, takeEvents } from '../events/take.ts';
import type { MailContent } from '../providers/inbound.ts';
import { loadReports } from '../providers/registry.ts';
import { readRecord } from '../submission/ledger.ts';

/** Takes the delivery events in a received mail, if it is a report about mail of ours; throws if it must be tried again. */
export type TakeReport = (content: MailContent) => Promise<void>;

/** Media types of parts that make a mail a report (RFC 3464, RFC 5965). */
const REPORT = /^message\/(global-)?(delivery-status|feedback-report)\b/i;

/**
 * Takes reports about mail that was sent over these providers. A report is not signed, so its submission must have an attempt
 * at one of them, and it suppresses no address.
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
