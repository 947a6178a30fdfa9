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
 * Largest number of pages that are read: 6,000 events. This is enough for 1,000 recipients, each with one event for the
 * acceptance, four for delivery attempts, and one for the delivery.
 */
const MAX_PAGES = 20;
/** Largest difference between Mailgun's clock and our clock for which the events are found, in milliseconds. */
const SLACK_MS = 10 * 60_000;

/**
 * Searches Mailgun's events for the Message-ID of an attempt.
 *
 * Every event except `rejected` shows that Mailgun accepted the message for the recipient of the event. Facts, all read
 * 2026-11-25:
 * - Mailgun keeps events for at least 3 days (OpenAPI 3.0.0). The events of each domain are queried separately, in the domain's
 * region.
 * - Events contain the Message-ID without angle brackets, and are queried by this Message-ID (user manual, event structure).
 * - Mailgun may index events late, in rare cases by half an hour (user manual, event polling). If there is no event soon after
 * the attempt, Mailgun has probably not accepted the message, but may still have accepted it.
 * - A domain sending key may only post messages (API reference, authentication): with such a key, Mailgun answers this query with
 * 401.
 * - Mailgun has deprecated the events API in favour of the logs API, without a date. The SDK logs this deprecation at each call.
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
      // Events of other messages show that the server ignored the filter.
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

/** Whether an event is about the recipient `address`. A rejection that names no recipient is about all recipients. */
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
  // After a complete 2xx answer, the failure means that the body has no list of events. The SDK may throw an error when it reads
  // the missing list.
  if (status !== undefined && status >= 200 && status < 300 && trace.complete)
    return unreadable(detailOf(result === undefined ? sdkErrorText(error) : 'no list of events'));
  return cannotSay(classify({ trace, words: sdkErrorText(error) }));
}
