import type { LookupAnswer, Question } from '../provider.ts';
import { cannotSay, unreadable } from '../question.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { isGood } from './health.ts';

/** The part of the SDK that searches sent messages. The SDK sends every parameter of the filter to Postmark (postmark 5.1.0). */
export interface MessageSource {
  getOutboundMessages(filter: Record<string, string | number>): Promise<{ readonly Messages?: unknown }>;
}

/**
 * Largest number of messages in one answer (postmarkapp.com/developer/api/messages-api, 2026-11-25). It is enough: an attempt
 * sends few messages.
 */
const MOST = 500;

/**
 * Searches Postmark's messages for the handle of an attempt. Facts, all read 2026-11-25:
 * - The parameter `metadata_<name>` filters by one metadata field (support article 1125). The types of the SDK lack this
 * parameter.
 * - Without `messagestream` only the default transactional stream is searched (developer/api/messages-api).
 * - Postmark keeps messages for 45 days, unless the settings of the Postmark server state another time (the same page).
 * - Postmark does not publish how soon a message can be found. When Postmark was overloaded, messages appeared late in its
 * activity list (postmarkapp.com/blog/recent-issues-with-activity-page-and-bounce-hooks).
 */
export async function lookup(messages: MessageSource, stream: string, question: Question): Promise<LookupAnswer> {
  const filter = { count: MOST, offset: 0, 'metadata_mailover-id': question.handle, messagestream: stream };
  const watched = await watchWire(question, () => messages.getOutboundMessages(filter));
  if (!isGood(watched)) return cannotSay(classify(watched));
  const list: unknown = Object(watched.result)['Messages'];
  if (!Array.isArray(list)) return unreadable('no list of messages');
  const found = new Map<string, string>();
  for (const item of list as readonly unknown[]) {
    const { MessageID, Recipients, Metadata } = Object(item) as Record<string, unknown>;
    // A message with another handle shows that the server ignored the filter.
    if (handleIn(Metadata) !== question.handle) return unreadable('a message with another handle');
    if (typeof MessageID !== 'string' || !Array.isArray(Recipients)) return unreadable('a message without recipients');
    const listed = new Set((Recipients as readonly unknown[]).map((address) => String(address).toLowerCase()));
    for (const address of question.recipients) if (listed.has(address.toLowerCase())) found.set(address, MessageID);
  }
  return { kind: 'answered', found };
}

/**
 * Returns the handle in the metadata of a message. Upper case and lower case make no difference in names of metadata (support
 * article 1125, 2026-11-25).
 */
function handleIn(metadata: unknown): unknown {
  return Object.entries(Object(metadata)).find(([name]) => name.toLowerCase() === 'mailover-id')?.[1];
}
