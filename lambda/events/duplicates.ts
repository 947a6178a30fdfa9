import type { SubmissionRecord } from '../submission/record.ts';
import { provesAcceptance } from './delivery.ts';
import type { KeptEvent } from './event-item.ts';

/**
 * The event of another acceptance of the same mail for the same recipient, if `event` is the first one of its own; so each
 * second acceptance is found once. `earlier` are the other events of the recipient.
 *
 * Acceptances are told apart by provider and number of the attempt. A provider whose key was changed keeps its message ids.
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
 * Whether the record of a submission explains a second acceptance: an answer of one of the providers was lost, or it failed
 * after it had the whole request. An attempt that a worker is making at `now` explains nothing.
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
