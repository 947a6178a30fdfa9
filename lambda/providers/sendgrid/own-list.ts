import { ServiceError } from '../../platform/service-failure.ts';
import { corrected, replyIn } from '../diagnostic.ts';
import { hard } from '../event.ts';
import { filledText, listOf } from '../event-fields.ts';
import { callList, type OwnEntry, type OwnList, type OwnListContext, refusedList } from '../own-list.ts';
import { HOSTS, type SendgridOptions } from './options.ts';

/** Number of entries on one page (twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces, 2026-11-29). */
const PER_PAGE = 500;
const HINT = 'the key needs the scope suppression.read, and suppression.delete for removals';

/**
 * SendGrid's lists of bounces, invalid addresses and spam reports, with the reason of their entries. SendGrid sends no mail to an
 * address on one of these lists. The list of blocks is not used, since it does not stop mail. Lists of unsubscribes are not used
 * either.
 */
const LISTS = { bounces: 'hard-bounce', invalid_emails: 'hard-bounce', spam_reports: 'complaint' } as const;

/**
 * Reads and changes SendGrid's lists of bounces, invalid addresses and spam reports. A bounce in the list has the SMTP reply. The
 * bounce is left out if the reply shows another cause than a missing mailbox, such as a blocklist, a policy or a full mailbox.
 * The API cannot add an entry to these lists.
 */
export function ownList(context: OwnListContext<SendgridOptions>): OwnList {
  const base = `${context.endpoint ?? HOSTS[context.options.region ?? 'us']}/v3/suppression`;
  const headers = { authorization: `Bearer ${context.secret['apiKey']?.trim() ?? ''}` };
  return {
    async *entries() {
      for (const [name, reason] of Object.entries(LISTS)) {
        for (let offset = 0; ; offset += PER_PAGE) {
          const { status, body } = await callList(context, `${base}/${name}?limit=${PER_PAGE}&offset=${offset}`, {
            headers,
          });
          if (status !== 200) throw refusedList(status, HINT);
          if (!Array.isArray(body)) throw new ServiceError('the provider gave no list of addresses');
          if (body.length > 0) yield listOf(body).flatMap((item) => entryOf(item, name, reason) ?? []);
          if (body.length < PER_PAGE) break;
        }
      }
    },
    async remove(address) {
      let removed = false;
      for (const name of Object.keys(LISTS)) {
        const { status } = await callList(context, `${base}/${name}/${encodeURIComponent(address)}`, {
          method: 'DELETE',
          headers,
        });
        if (status !== 204 && status !== 404) throw refusedList(status, HINT);
        removed ||= status === 204;
      }
      return removed ? 'removed' : 'absent';
    },
  };
}

function entryOf(
  { email, created, reason: words, status }: Readonly<Record<string, unknown>>,
  list: string,
  reason: OwnEntry['reason'],
): OwnEntry | undefined {
  const address = filledText(email);
  if (address === undefined || typeof created !== 'number') return undefined;
  const means = corrected(hard('mailbox-unknown'), replyIn(filledText(words) ?? '', filledText(status)));
  return list !== 'bounces' || means.bounce === 'hard' ? { address, reason, at: created * 1000 } : undefined;
}
