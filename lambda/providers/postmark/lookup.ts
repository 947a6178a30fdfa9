import type { LookupAnswer, Question } from '../provider.ts';
import { cannotSay, unreadable } from '../question.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';

/** The part of the SDK that searches sent messages; its filter passes on any parameter (postmark 5.1.0). */
export interface MessageSource {
  getOutboundMessages(filter: Record<string, string | number>): Promise<{ readonly Messages?: unknown }>;
}

/**
 * Largest number of messages in one answer (postmarkapp.com/developer/api/messages-api, 2026-11-25); an attempt leaves
 * one or two.
 */
const MOST = 500;

/**
 * Searches Postmark's messages for the handle of an attempt. Facts, all read 2026-11-25:
 * - `metadata_<name>` filters by one metadata field (support article 1125); no SDK type contains it.
 * - Without `messagestream` only the default transactional stream is searched (developer/api/messages-api).
 * - Messages are kept for 45 days unless the server is set otherwise (the same page).
 * - How soon a message can be found is not published; users saw the activity lag behind the sending under load
 * (postmarkapp.com/blog/recent-issues-with-activity-page-and-bounce-hooks).
 */
export async function lookup(messages: MessageSource, stream: string, question: Question): Promise<LookupAnswer> {
  const filter = { count: MOST, offset: 0, 'metadata_mailover-id': question.handle, messagestream: stream };
  const watched = await watchWire(question, () => messages.getOutboundMessages(filter));
  const { trace, result } = watched;
  const good = trace.status !== undefined && trace.status >= 200 && trace.status < 300 && trace.complete;
  if (!good) return cannotSay(classify(watched));
  const list: unknown = Object(result)['Messages'];
  if (!Array.isArray(list)) return unreadable('no list of messages');
  const found = new Map<string, string>();
  for (const item of list as readonly unknown[]) {
    const { MessageID, Recipients, Metadata } = Object(item) as Record<string, unknown>;
    // A server that ignores the filter would return other messages.
    if (handleIn(Metadata) !== question.handle) return unreadable('a message with another handle');
    if (typeof MessageID !== 'string' || !Array.isArray(Recipients)) return unreadable('a message without recipients');
    const served = new Set((Recipients as readonly unknown[]).map((address) => String(address).toLowerCase()));
    for (const address of question.recipients) if (served.has(address.toLowerCase())) found.set(address, MessageID);
  }
  return { kind: 'answered', found };
}

/** Names of metadata are case-insensitive (support article 1125, 2026-11-25). */
function handleIn(metadata: unknown): unknown {
  return Object.entries(Object(metadata)).find(([name]) => name.toLowerCase() === 'mailover-id')?.[1];
}
