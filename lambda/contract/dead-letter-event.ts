import * as z from 'zod/mini';
import type { Closed } from './closed.ts';
import { DEAD_LETTER_REASONS, MAX_DEAD_LETTER_DETAIL } from './dead-letter.ts';
import { described } from './described.ts';

/**
 * A dead letter as on the events queue, where that is put on an event bus or posted; the committed JSON Schema is generated
 * from this. The submission itself is in the dead-letter queue only.
 */
export const deadLetterEventSchema = z
  .looseObject({
    version: z.literal(1),
    id: z
      .string()
      .check(
        z.regex(/^[A-Za-z0-9_-]{43}$/),
        described('The same for every copy of one event: remember it to act once.'),
      ),
    type: z.literal('dead-letter'),
    submissionId: z.string(),
    class: z.exactOptional(z.string()),
    provider: z.exactOptional(z.string().check(described('Key of the provider that was tried last.'))),
    attempts: z.int().check(z.nonnegative(), described('Number of attempts.')),
    reason: z.enum(DEAD_LETTER_REASONS),
    detail: z
      .string()
      .check(z.maxLength(MAX_DEAD_LETTER_DETAIL), described('A sentence without addresses or content.')),
    firstSeen: z.iso.datetime({ offset: false }).check(described('When it was first received, or redriven.')),
    at: z.iso.datetime({ offset: false }).check(described('When it was put on the dead-letter queue.')),
  })
  .check(z.meta({ title: 'DeadLetterEvent' }));

export type DeadLetterEvent = Closed<z.infer<typeof deadLetterEventSchema>>;
