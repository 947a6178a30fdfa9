import { ServiceError } from '../../platform/service-failure.ts';
import { askJson, good, type Known, type MissedContext, type MissedSource, type Reception } from '../missed.ts';
import { readPosted } from './posted.ts';

const PUBLIC = 'https://api.postmarkapp.com';
/** Largest number of messages in one answer (postmarkapp.com/developer/api/messages-api, 2026-11-25). */
const MOST = 500;
const MOST_PAGES = 4;
/** Time after which its first three tries are over ("Understanding inbound webhook retries", 2025-11-04). */
const FIRST_TRIES_MS = 10 * 60_000;
/** Above this size the stored copy of a body is cut (the same page, 2026-11-25). */
const CUT_BYTES = 1024 * 1024;

/** Options of the requests. */
export interface PostmarkMissedOptions {
  /** `leave` skips mail that a rule blocks. */
  readonly blocked?: 'receive' | 'leave';
}

/**
 * Postmark's inbound messages. Facts, read 2026-11-25: blocked mail is kept for ten days
 * (developer/user-guide/inbound/configure-inbound-blocking), other mail for 45; a stored copy lacks the content of
 * attachments, so that only `retry` (of failed) and `bypass` (of blocked mail) deliver them; statuses as in support
 * article 1290.
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
    async standing() {
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
      const way = state === 'blocked' ? 'bypass' : 'retry';
      const { status, body } = await ask(`/${encodeURIComponent(id)}/${way}`, 'PUT');
      if (status !== 200 && status !== 422) throw new ServiceError(`the provider answered ${status}`);
      return status === 200 && (body['ErrorCode'] ?? 0) === 0;
    },
  };
}

function receptionOf(item: unknown, state: Reception['state']): Reception {
  const { MessageID, Date: date } = Object(item) as Record<string, unknown>;
  if (typeof MessageID !== 'string') throw new ServiceError('the provider listed a message without id');
  // The Date header of the mail: only an estimate of when it arrived.
  const at = Date.parse(String(date));
  return { id: MessageID, at: Number.isNaN(at) ? 0 : at, state, listed: item };
}

/** The stored copy has the form of the webhook, but attachments without content. */
function knownOf(body: Readonly<Record<string, unknown>>, answer: Buffer): Known {
  const posted = readPosted(answer);
  if (posted.kind !== 'mail') throw new ServiceError('the provider returned a message that is no mail');
  const attachments = (Array.isArray(body['Attachments']) ? body['Attachments'] : []) as { ContentLength?: unknown }[];
  const sizes = attachments.map(({ ContentLength }) => Number(ContentLength ?? 0));
  const bodies = ['TextBody', 'HtmlBody'].map((name) => Buffer.byteLength(String(body[name] ?? '')));
  const [mail] = posted.mails;
  return {
    // Files without their bytes would look empty.
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

/** Postmark reads the times of its filters as US Eastern time (developer/api/messages-api, 2026-11-25). */
function eastern(time: number): string {
  return EASTERN.format(time).replace(' ', 'T');
}
