import { ServiceError } from '../../platform/service-failure.ts';
import { fieldsOf, filledText, listOf } from '../event-fields.ts';
import { callList, type OwnEntry, type OwnList, type OwnListContext, refusedList } from '../own-list.ts';
import type { PostmarkOptions } from './options.ts';

const PUBLIC = 'https://api.postmarkapp.com';
/** Largest number of addresses in one call (postmarkapp.com/developer/api/suppressions-api, 2026-11-29). */
const PER_CALL = 50;
const HINT = 'Postmark does not accept the server token';
const REASONS: Readonly<Record<string, OwnEntry['reason']>> = {
  HardBounce: 'hard-bounce',
  SpamComplaint: 'complaint',
};

/**
 * Reads and changes Postmark's suppression list of a message stream (postmarkapp.com/developer/api/suppressions-api, 2026-11-29).
 * Postmark marks an entry that is added through the API as a manual suppression. Postmark does not remove an entry for a
 * complaint.
 */
export function ownList(context: OwnListContext<PostmarkOptions>): OwnList {
  const { messageStream = 'outbound' } = context.options;
  const base = `${context.endpoint ?? PUBLIC}/message-streams/${encodeURIComponent(messageStream)}/suppressions`;
  const headers = { 'x-postmark-server-token': context.secret['serverToken'] ?? '' };
  const call = (path: string, body?: object) =>
    callList(context, `${base}${path}`, { headers, ...(body && { method: 'POST', body }) });
  const change = async (path: string, addresses: readonly string[]) => {
    const { status, body } = await call(path, { Suppressions: addresses.map((EmailAddress) => ({ EmailAddress })) });
    const { Suppressions } = fieldsOf(body);
    if (status !== 200 || !Array.isArray(Suppressions)) throw refusedList(status, HINT);
    return listOf(Suppressions);
  };
  return {
    async *entries() {
      const { status, body } = await call('/dump');
      if (status !== 200) throw refusedList(status, HINT);
      const { Suppressions } = fieldsOf(body);
      if (!Array.isArray(Suppressions)) throw new ServiceError('the provider gave no list of addresses');
      yield listOf(Suppressions).flatMap(({ EmailAddress, SuppressionReason, CreatedAt }): OwnEntry[] => {
        const [address, at] = [filledText(EmailAddress), Date.parse(filledText(CreatedAt) ?? '')];
        const reason = REASONS[filledText(SuppressionReason) ?? ''];
        return address === undefined || reason === undefined || Number.isNaN(at) ? [] : [{ address, reason, at }];
      });
    },
    async add(entries) {
      for (let from = 0; from < entries.length; from += PER_CALL)
        await change(
          '',
          entries.slice(from, from + PER_CALL).map(({ address }) => address),
        );
    },
    async remove(address) {
      // Postmark also answers `Deleted` if the address was not on the list, so the result is never `absent`.
      const [result] = await change('/delete', [address]);
      return result?.['Status'] === 'Deleted' ? 'removed' : 'kept';
    },
  };
}
