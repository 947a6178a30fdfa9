import { ServiceError } from '../../platform/service-failure.ts';
import { corrected, replyIn } from '../diagnostic.ts';
import { hard } from '../event.ts';
import { fieldsOf, filledText, listOf } from '../event-fields.ts';
import { callList, type OwnEntry, type OwnList, type OwnListContext, refusedList } from '../own-list.ts';
import { authorizationOf, URLS } from './api.ts';
import type { MailgunOptions } from './options.ts';

/** Largest number of entries on one page and in one POST request (Mailgun OpenAPI 3.0.0, /v3/{domain}/bounces, 2026-11-23). */
const PER_CALL = 1000;
const HINT = 'a domain sending key may not read the list, so the secret needs a key of the account';
const TABLES = { 'hard-bounce': 'bounces', complaint: 'complaints' } as const;

/**
 * Reads and changes Mailgun's lists of bounces and complaints of a domain (documentation.mailgun.com, suppressions, 2026-11-29).
 * A bounce in the list has the code and the text of the SMTP reply. The bounce is left out if the reply shows another cause than
 * a missing mailbox, such as a blocklist, a policy or a full mailbox.
 */
export function ownList(context: OwnListContext<MailgunOptions>): OwnList {
  const { domain, region = 'us' } = context.options;
  const base = context.endpoint ?? URLS[region];
  const authorization = authorizationOf(context.secret);
  const urlOf = (table: string) => `${base}/v3/${encodeURIComponent(domain)}/${table}`;
  const call = (url: string, rest: { method?: string; body?: object } = {}) =>
    callList(context, url, { ...rest, headers: { authorization } });

  async function* table(reason: OwnEntry['reason']): AsyncGenerator<readonly OwnEntry[]> {
    let url: string | undefined = `${urlOf(TABLES[reason])}?limit=${PER_CALL}`;
    while (url !== undefined) {
      const { status, body } = await call(url);
      if (status !== 200) throw refusedList(status, HINT);
      const { items, paging } = fieldsOf(body);
      if (!Array.isArray(items)) throw new ServiceError('the provider gave no list of addresses');
      if (items.length > 0) yield listOf(items).flatMap((item) => entryOf(item, reason) ?? []);
      const next = URL.parse(filledText(fieldsOf(paging)['next']) ?? '');
      // An empty page is the last page. A link to another host is not followed, so that only Mailgun's API gets the API key.
      url = items.length > 0 && next?.origin === new URL(base).origin ? next.href : undefined;
    }
  }

  return {
    async *entries() {
      yield* table('hard-bounce');
      yield* table('complaint');
    },
    async add(entries) {
      for (const reason of ['hard-bounce', 'complaint'] as const) {
        const some = entries.filter((one) => one.reason === reason);
        for (let from = 0; from < some.length; from += PER_CALL) {
          const body = some.slice(from, from + PER_CALL).map(({ address, at }) => ({
            address,
            created_at: new Date(at).toUTCString(),
            ...(reason === 'hard-bounce' && { code: '550', error: '550 5.1.1 mailbox unknown' }),
          }));
          const { status } = await call(urlOf(TABLES[reason]), { method: 'POST', body });
          if (status !== 200) throw refusedList(status, HINT);
        }
      }
    },
    async remove(address) {
      let removed = false;
      for (const name of Object.values(TABLES)) {
        const { status } = await call(`${urlOf(name)}/${encodeURIComponent(address)}`, { method: 'DELETE' });
        if (status !== 200 && status !== 404) throw refusedList(status, HINT);
        removed ||= status === 200;
      }
      return removed ? 'removed' : 'absent';
    },
  };
}

function entryOf(
  { address, code, error, created_at }: Readonly<Record<string, unknown>>,
  reason: OwnEntry['reason'],
): OwnEntry | undefined {
  const [given, at] = [filledText(address), Date.parse(filledText(created_at) ?? '')];
  if (given === undefined || Number.isNaN(at)) return undefined;
  const means = corrected(hard('mailbox-unknown'), replyIn(filledText(error) ?? '', filledText(code)));
  return reason === 'complaint' || means.bounce === 'hard' ? { address: given, reason, at } : undefined;
}
