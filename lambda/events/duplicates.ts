import type { SubmissionRecord } from '../submission/record.ts';
import { provesAcceptance } from './delivery.ts';
import type { KeptEvent } from './event-item.ts';

/**
 * Returns an earlier event that proves another acceptance of the same mail for the same recipient. Returns undefined unless
 * `event` is the first event of its own acceptance; therefore each second acceptance is found only once. `earlier`: the events of
 * the same submission and recipient that were stored before `event`.
 *
 * Two acceptances differ in the provider or in the number of the attempt. Events with different provider keys and the same
 * message id of the provider belong to the same acceptance: the key of the provider was changed.
 */
export function otherAcceptance(event: KeptEvent, earlier: readonly KeptEvent[]): KeptEvent | undefined {
  if (!provesAcceptance(event)) return undefined;
  const acceptances = earlier.filter(provesAcceptance);
  if (acceptances.some((one) => isSame(one, event))) return undefined;
  return acceptances[0];
}

function isSame(a: KeptEvent, b: KeptEvent): boolean {
  if (a.provider !== b.provider)
    return a.providerMessageId !== undefined && a.providerMessageId === b.providerMessageId;
  return a.attempt === undefined || b.attempt === undefined || a.attempt === b.attempt;
}

/**
 * Whether the record of a submission explains why a mail was accepted twice: an answer of one of the `providers` was lost, or one
 * of these providers failed after it had received the whole request. An attempt that is still running at `now` does not count.
 */
export function isExplained(
  record: Pick<SubmissionRecord, 'attempts' | 'lease'> | undefined,
  providers: readonly string[],
  now: number,
): boolean {
  const isRunning = (record?.lease?.until ?? 0) > now;
  return (record?.attempts ?? []).some(
    ({ provider, each, ended }) =>
      providers.includes(provider) && /[?f]/.test(each) && !(ended === undefined && isRunning),
  );
}
