import * as z from 'zod/mini';
import type { ClosedObject } from './closed-object.ts';
import { DEAD_LETTER_REASONS, MAX_DEAD_LETTER_DETAIL } from './dead-letter.ts';
import { described, describedText, describedTime, eventId } from './described.ts';

/**
 * Event that reports a dead letter. It is sent only in deployments that forward events to an event bus or a URL. The committed JSON
 * Schema is generated from this zod schema. The event does not contain the submission, which is only in the dead-letter queue.
 */
export const deadLetterEventSchema = z
  .looseObject({
    version: z.literal(1),
    id: eventId,
    type: z.literal('dead-letter'),
    submissionId: z.string(),
    class: z.exactOptional(z.string()),
    provider: z.exactOptional(describedText('Key of the provider that was tried last.')),
    attempts: z.int().check(z.nonnegative(), described('Number of attempts.')),
    reason: z.enum(DEAD_LETTER_REASONS),
    detail: z
      .string()
      .check(
        z.maxLength(MAX_DEAD_LETTER_DETAIL),
        described('A sentence that explains the reason, without addresses or content.'),
      ),
    firstSeen: describedTime('Time at which the submission was first received, or redriven.'),
    at: describedTime('Time at which the submission was put on the dead-letter queue.'),
  })
  .check(z.meta({ title: 'DeadLetterEvent' }));

export type DeadLetterEvent = ClosedObject<z.infer<typeof deadLetterEventSchema>>;
