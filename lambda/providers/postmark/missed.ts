import { ServiceError } from '../../platform/service-failure.ts';
import { askJson, good, type Known, type MissedContext, type MissedSource, type Reception } from '../missed.ts';
import { readPosted } from './posted.ts';

const PUBLIC = 'https://api.postmarkapp.com';
/** Largest number of messages in one answer (postmarkapp.com/developer/api/messages-api, 2026-11-25). */
const MOST = 500;
const MOST_PAGES = 4;
/**
 * Time in milliseconds after which Postmark has tried three times to post a mail ("Understanding inbound webhook retries",
 * 2025-11-04).
 */
const FIRST_TRIES_MS = 10 * 60_000;
/**
 * Size in bytes above which Postmark's stored copy of a text or HTML body is cut off ("Understanding inbound webhook retries",
 * read 2026-11-25).
 */
const CUT_BYTES = 1024 * 1024;

/** Options of the queries for received mail. */
export interface PostmarkMissedOptions {
  /** With `leave`, mail that Postmark blocked is not queried. By default it is queried. */
  readonly blocked?: 'receive' | 'leave';
}

/**
 * Queries Postmark's inbound messages. Facts, read 2026-11-25: Postmark keeps blocked mail for ten days
 * (developer/user-guide/inbound/configure-inbound-blocking), and other mail for 45 days. The stored copy of a mail does not
 * contain the content of attachments. To get this content, Postmark must be made to post the mail again, by the call `retry` (for
 * failed mail) or `bypass` (for blocked mail). The statuses `failed`, `blocked` and `processed` are from support article 1290.
 */
export function missed(context: MissedContext<PostmarkMissedOptions>): MissedSource {
  const base = context.endpoint ?? PUBLIC;
  const headers = { 'x-postmark-server-token': context.apiSecret['serverToken'] ?? '' };
  const ask = (path: string, method?: 'PUT') => askJson(context, `${base}/messages/inbound${path}`, headers, method);

  const list = async (status: string, more = ''): Promise<readonly unknown[] | 'too-many'> => {
    const found: unknown[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { body } = good(await ask(`?count=${MOST}&offset=${found.length}&status=${status}${more}`));
      const { TotalCount, InboundMessages } = body;
      if (typeof TotalCount !== 'number' || !Array.isArray(InboundMessages))
        throw new ServiceError('the provider gave no list of messages');
      found.push(...InboundMessages);
      if (InboundMessages.length < MOST) return found;
    }
    return more === '' ? found : 'too-many';
  };

  return {
    lagMs: FIRST_TRIES_MS,
    async undelivered() {
      const found: Reception[] = [];
      const states = context.options.blocked === 'leave' ? (['failed'] as const) : (['failed', 'blocked'] as const);
      for (const state of states) for (const item of await list(state)) found.push(receptionOf(item, state));
      return found;
    },
    async between(from, to) {
      const span = `&fromdate=${eastern(from)}&todate=${eastern(to)}`;
      const items = await list('processed', span);
      return items === 'too-many' ? items : items.map((item) => receptionOf(item, 'taken'));
    },
    async know({ id }) {
      const { body, bytes } = good(await ask(`/${encodeURIComponent(id)}/details`));
      return knownOf(body, bytes);
    },
    async again({ id, state }) {
      if (state === 'taken') return false;
      const action = state === 'blocked' ? 'bypass' : 'retry';
      const { status, body } = await ask(`/${encodeURIComponent(id)}/${action}`, 'PUT');
      if (status !== 200 && status !== 422) throw new ServiceError(`the provider answered ${status}`);
      return status === 200 && (body['ErrorCode'] ?? 0) === 0;
    },
  };
}

function receptionOf(item: unknown, state: Reception['state']): Reception {
  const { MessageID, Date: date } = Object(item) as Record<string, unknown>;
  if (typeof MessageID !== 'string') throw new ServiceError('the provider listed a message without id');
  // Postmark does not state when the mail arrived. The time in the mail's Date header is used as an estimate.
  const at = Date.parse(String(date));
  return { id: MessageID, at: Number.isNaN(at) ? 0 : at, state, listed: item };
}

/**
 * Reads Postmark's stored copy of a mail. The copy has the same form as a request of the inbound webhook, but lacks the content
 * of attachments.
 */
function knownOf(body: Readonly<Record<string, unknown>>, answer: Buffer): Known {
  const posted = readPosted(answer);
  if (posted.kind !== 'mail') throw new ServiceError('the provider returned a message that is no mail');
  const attachments = (Array.isArray(body['Attachments']) ? body['Attachments'] : []) as { ContentLength?: unknown }[];
  const sizes = attachments.map(({ ContentLength }) => Number(ContentLength ?? 0));
  const bodies = ['TextBody', 'HtmlBody'].map((name) => Buffer.byteLength(String(body[name] ?? '')));
  const [mail] = posted.mails;
  return {
    // The files are left out: without their content, they would look like empty files.
    mail: { ...mail, content: { ...mail.content, files: [] } },
    complete: sizes.length === 0 && bodies.every((bytes) => bytes < CUT_BYTES),
    postedBytes: sizes.reduce((sum, size) => sum + Math.ceil((size * 4) / 3), answer.length),
    answer,
  };
}

const EASTERN = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/New_York',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/**
 * Formats a time for a filter of Postmark. Postmark reads such a time as US Eastern time (developer/api/messages-api,
 * 2026-11-25).
 */
function eastern(time: number): string {
  return EASTERN.format(time).replace(' ', 'T');
}
