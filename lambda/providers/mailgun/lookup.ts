import { detailOf } from '../../mail/outcome.ts';
import type { LookupAnswer, Question } from '../provider.ts';
import { cannotSay, unreadable } from '../question.ts';
import { type Watched, watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { errorWords } from './words.ts';

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
/** Events of 1,000 recipients, each accepted, tried several times and delivered, are about this many pages. */
const MAX_PAGES = 20;
/** Allowed difference between their clock and ours. */
const SLACK_MS = 10 * 60_000;

/**
 * Asks Mailgun's events for the Message-ID of an attempt.
 *
 * Every event but `rejected` shows that Mailgun accepted the message for its recipient. Facts, all read 2026-11-25:
 * - Events are kept for at least 3 days (OpenAPI 3.0.0) and are queried by domain and region.
 * - Events contain the Message-ID, and are queried by it, without angle brackets (user manual, event structure).
 * - Events may be indexed late, in bad cases by half an hour (user manual, event polling): no event soon after the
 * attempt makes it likely, but not certain, that the message was not accepted.
 * - A domain sending key may only post messages (API reference, authentication): it is answered 401 here.
 * - The events API is marked as deprecated in favour of the logs API, without a date; the SDK logs that at each call.
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

/** Whether an event is about this recipient; a rejection without a recipient is about all. */
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
    ...(typeof recipient === 'string' && { recipient }),
  };
}

function failed({ result, error, trace }: Watched<Page>): LookupAnswer {
  const { status } = trace;
  // The SDK reads a body that is no list as if it were one, and throws its own error.
  if (status !== undefined && status >= 200 && status < 300 && trace.complete)
    return unreadable(detailOf(result === undefined ? errorWords(error) : 'no list of events'));
  return cannotSay(classify({ trace, words: errorWords(error) }));
}
