import * as z from 'zod/mini';
import type { ClosedObject } from './closed-object.ts';
import { described, describedText, describedTime, eventId } from './described.ts';
import { BOUNCES, EVENT_TYPES, EVENT_VERSION } from './event-enums.ts';

/** Zod schema of a delivery event on the events queue. The committed JSON Schema is generated from this zod schema. */
export const eventSchema = z
  .looseObject({
    version: z.literal(EVENT_VERSION),
    id: eventId,
    provider: describedText('Key of the provider; `mailover` for an event of Mailover itself.'),
    providerEventId: describedText(
      "The provider's id of the event. If the provider gives no id: a text made of the fields that identify the event.",
    ),
    providerMessageId: z.exactOptional(describedText('Id of the mail at the provider, without angle brackets.')),
    type: z
      .enum(EVENT_TYPES)
      .check(
        described(
          '`rejected`: the provider did not try to deliver; `suppressed`: the recipient is on a suppression list and got no mail; `other`: a type that this version does not support.',
        ),
      ),
    bounce: z.exactOptional(
      z
        .enum(BOUNCES)
        .check(
          described(
            'With `bounced` only. `hard`: the mailbox does not exist; `blocked`: the mail or its sender is refused; `soft`: every other bounce.',
          ),
        ),
    ),
    recipient: z.exactOptional(describedText('Absent if the provider names no recipient.')),
    submissionId: z.exactOptional(describedText('Absent if the submission of the mail is not known.')),
    class: z.exactOptional(z.string()),
    attempt: z.exactOptional(z.int().check(z.positive(), described('Number of the attempt, from 1.'))),
    machine: z.exactOptional(
      z.literal(true).check(described('Opened or clicked by a scanner or a mail program, not a person.')),
    ),
    tag: z.exactOptional(z.string()),
    metadata: z.exactOptional(
      z
        .record(z.string(), z.string())
        .check(described('Metadata of the submission, as far as the provider returns it.')),
    ),
    at: describedTime('Time of the event, by the clock of the provider.'),
    reason: z.exactOptional(
      describedText('Reason, from a list that is the same for all providers; later versions may add reasons.'),
    ),
    detail: z.exactOptional(
      z.string().check(z.maxLength(500), described("The provider's explanation, with addresses masked.")),
    ),
    smtpCode: z.exactOptional(describedText('Enhanced status code, such as `5.1.1`, or an SMTP status.')),
    suppressed: z.exactOptional(
      z.literal(true).check(described('This event put the recipient on the suppression list.')),
    ),
  })
  .check(z.meta({ title: 'DeliveryEvent' }));

export type DeliveryEvent = ClosedObject<z.infer<typeof eventSchema>>;
