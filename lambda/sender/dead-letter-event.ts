import { createHash } from 'node:crypto';
import { MAX_DEAD_LETTER_DETAIL, type Problem } from '../contract/dead-letter.ts';
import type { DeadLetterEvent } from '../contract/dead-letter-event.ts';
import { defined } from '../platform/defined.ts';
import { countOf } from '../submission/log.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';

/**
 * Returns the event that reports a dead letter to the producer. The id of the event depends on the submission and on `firstSeen`.
 * If the message is received again, the event has the same id. If the message is redriven and then dead-lettered again, the new
 * event has another id, since a redrive resets `firstSeen`.
 */
export function deadLetterEvent(
  { reason, detail }: Problem,
  { submissionId, firstSeen, log }: QueueAttributes,
  more: { readonly class?: string | undefined; readonly provider?: string | undefined; readonly now: number },
): DeadLetterEvent {
  const parts = ['dead-letter', submissionId, String(firstSeen)];
  return {
    version: 1,
    id: createHash('sha256').update(parts.join('\0')).digest('base64url'),
    type: 'dead-letter',
    submissionId,
    ...defined({ class: more.class, provider: more.provider }),
    attempts: countOf(log),
    reason,
    detail: detail.slice(0, MAX_DEAD_LETTER_DETAIL),
    firstSeen: new Date(firstSeen).toISOString(),
    at: new Date(more.now).toISOString(),
  };
}
