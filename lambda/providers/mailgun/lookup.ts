import { detailOf } from '../../mail/outcome.ts';
import { defined } from '../../platform/defined.ts';
import type { LookupAnswer, Question } from '../provider.ts';
import { cannotSay, unreadable } from '../question.ts';
import { type Watched, watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { sdkErrorText } from './error-text.ts';

interface Page {
  readonly items: readonly unknown[];
  /** Links to other pages by name: first, previous, next, last. */
  readonly pages?: Readonly<Record<string, { readonly page?: string }>>;
}

/** The part of the SDK that queries events. */
export interface EventSource {
  get(domain: string, query: Record<string, string | number>): Promise<Page>;
}

/** Largest number of events on one page (Mailgun OpenAPI 3.0.0, GET /v3/{domain_name}/events, 2026-11-25). */
const PAGE = 300;
/**
 * Largest number of pages: enough for 1,000 recipients, each with one event for the acceptance, several events for delivery
 * attempts, and one event for the delivery.
 */
const MAX_PAGES = 20;
/** Allowed difference between Mailgun's clock and ours, in milliseconds. */
const SLACK_MS = 10 * 60_000;

/**
 * Searches Mailgun's events for the Message-ID of an attempt.
 *
 * Every event except `rejected` shows that Mailgun accepted the message for its recipient. Facts, all read 2026-11-25:
 * - Events are kept for at least 3 days (OpenAPI 3.0.0) and are queried by domain and region.
 * - Events contain the Message-ID without angle brackets, and are queried by this Message-ID (user manual, event structure).
 * - Events may be indexed late, in bad cases by half an hour (user manual, event polling). If there is no event soon after the
 * attempt, the message was probably, but not certainly, not accepted.
 * - A domain sending key may only post messages (API reference, authentication): this query is answered with 401.
 * - The events API is marked as deprecated in favour of the logs API, without a date; the SDK logs this deprecation at each call.
 */
export async function lookup(events: EventSource, domain: string, question: Question): Promise<LookupAnswer> {
  const messageId = question.messageId.replace(/^<(.*)>$/, '$1');
  const found = new Map<string, string>();
  const rejected = new Set<string>();
  const begin = Math.floor((question.begunAt - SLACK_MS) / 1000);
  let query: Record<string, string | number> = {
    begin: String(begin),
    ascending: 'yes',
    limit: PAGE,
    'message-id': messageId,
  };
  const until = performance.now() + question.deadlineMs;
  for (let page = 0; page < MAX_PAGES; page++) {
    const limits = { connectMs: question.connectMs, deadlineMs: Math.max(until - performance.now(), 1) };
    const watched = await watchWire(limits, () => events.get(domain, query));
    const list = watched.result;
    if (!list || !Array.isArray(list.items)) return failed(watched);
    if (list.items.length === 0) return { kind: 'answered', found };
    for (const item of list.items as readonly unknown[]) {
      const event = read(item);
      // A server that ignores the filter would return events of other messages.
      if (event?.messageId !== messageId) return unreadable('an event of another message');
      for (const address of question.recipients.filter((one) => concerns(event, one)))
        if (event.kind === 'rejected') rejected.add(address);
        else found.set(address, messageId);
    }
    for (const address of rejected) found.delete(address);
    if (found.size === question.recipients.length) return { kind: 'answered', found };
    const next = list.pages?.['next']?.page;
    if (!next) return { kind: 'answered', found };
    query = { page: next };
  }
  return unreadable(`more than ${MAX_PAGES} pages`);
}

/** Whether an event is about this recipient; a rejection that names no recipient is about all recipients. */
function concerns({ kind, recipient }: EventFacts, address: string): boolean {
  return recipient === undefined ? kind === 'rejected' : recipient.toLowerCase() === address.toLowerCase();
}

interface EventFacts {
  readonly kind: string;
  readonly messageId: string;
  readonly recipient?: string;
}

function read(item: unknown): EventFacts | undefined {
  const { event, recipient, message } = Object(item) as { event?: unknown; recipient?: unknown; message?: unknown };
  const messageId: unknown = Object(Object(message)['headers'])['message-id'];
  if (typeof event !== 'string' || typeof messageId !== 'string') return undefined;
  return {
    kind: event,
    messageId: messageId.replace(/^<(.*)>$/, '$1'),
    ...defined({ recipient: typeof recipient === 'string' ? recipient : undefined }),
  };
}

function failed({ result, error, trace }: Watched<Page>): LookupAnswer {
  const { status } = trace;
  // If a call failed in spite of a complete 2xx answer, the body has no list of events: the SDK may throw an error when it reads
  // the missing list.
  if (status !== undefined && status >= 200 && status < 300 && trace.complete)
    return unreadable(detailOf(result === undefined ? sdkErrorText(error) : 'no list of events'));
  return cannotSay(classify({ trace, words: sdkErrorText(error) }));
}
