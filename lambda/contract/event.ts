import * as z from 'zod/mini';
import type { Closed } from './closed.ts';
import { described } from './described.ts';
import { BOUNCES, EVENT_TYPES, EVENT_VERSION } from './event-words.ts';

/** A delivery event as on the events queue; the committed JSON Schema is generated from this. */
export const eventSchema = z
  .looseObject({
    version: z.literal(EVENT_VERSION),
    id: z
      .string()
      .check(
        z.regex(/^[A-Za-z0-9_-]{43}$/),
        described('The same for every copy of one event: remember it to act once.'),
      ),
    provider: z.string().check(described('Key of the provider; `mailover` for what happened at none.')),
    providerEventId: z.string().check(described("The provider's own id, or its parts that identify the event.")),
    providerMessageId: z.exactOptional(z.string().check(described('Without angle brackets.'))),
    type: z
      .enum(EVENT_TYPES)
      .check(
        described(
          '`rejected`: the provider did not try; `suppressed`: the recipient is on a list and got nothing; `other`: unknown to this version.',
        ),
      ),
    bounce: z.exactOptional(
      z
        .enum(BOUNCES)
        .check(
          described(
            'With `bounced` only. `hard`: the mailbox does not exist; `blocked`: the mail or its sender is refused; `soft`: all others.',
          ),
        ),
    ),
    recipient: z.exactOptional(z.string().check(described('Absent if the provider names none.'))),
    submissionId: z.exactOptional(z.string().check(described('Absent if no submission is known.'))),
    class: z.exactOptional(z.string()),
    attempt: z.exactOptional(z.int().check(z.positive(), described('Number of the attempt, from 1.'))),
    machine: z.exactOptional(
      z.literal(true).check(described('Opened or clicked by a scanner or a mail program, not a person.')),
    ),
    tag: z.exactOptional(z.string()),
    metadata: z.exactOptional(
      z.record(z.string(), z.string()).check(described('Of the submission, as far as the provider keeps it.')),
    ),
    at: z.iso.datetime({ offset: false }).check(described('When it happened, by the clock of the provider.')),
    reason: z.exactOptional(
      z.string().check(described('In the words of Mailover, the same for every provider; more may be added.')),
    ),
    detail: z.exactOptional(
      z.string().check(z.maxLength(500), described("The provider's words, addresses in them masked.")),
    ),
    smtpCode: z.exactOptional(z.string().check(described('Enhanced status code, such as `5.1.1`, or an SMTP status.'))),
    suppressed: z.exactOptional(
      z.literal(true).check(described('This event put the recipient on the suppression list.')),
    ),
  })
  .check(z.meta({ title: 'DeliveryEvent' }));

export type DeliveryEvent = Closed<z.infer<typeof eventSchema>>;
