import * as z from 'zod/mini';
import type { ClosedObject } from './closed-object.ts';
import { described, describedText } from './described.ts';
import { AUTHENTICATION_RESULTS, INBOUND_FLAGS, INBOUND_VERSION, SPAM_VERDICTS } from './inbound-enums.ts';

const time = z.iso.datetime({ offset: false });

const object = z.looseObject({ bucket: z.string(), key: z.string() });
const mailbox = z.looseObject({
  name: z.exactOptional(z.string()),
  address: describedText('The address as written in the header.'),
});
const mailboxes = z.array(mailbox);

const attachment = z.looseObject({
  filename: z.exactOptional(
    describedText('File name without path or control characters; absent if the mail states no file name.'),
  ),
  contentType: describedText('Media type in lower case, without parameters.'),
  charset: z.exactOptional(describedText('Charset that the mail declares for a text, in lower case.')),
  method: z.exactOptional(describedText('Method of a calendar message (RFC 5546), in upper case: REQUEST, CANCEL, …')),
  contentLocation: z.exactOptional(describedText('The Content-Location of the part, if known.')),
  size: z.int().check(z.nonnegative()),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  contentId: z.exactOptional(describedText('Content-ID without angle brackets.')),
  inline: z.exactOptional(
    z
      .literal(true)
      .check(
        described(
          'Present if the attachment is displayed within the mail: its disposition is inline, or the HTML refers to it.',
        ),
      ),
  ),
  s3: object,
});

const version = z.literal(INBOUND_VERSION);
const id = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_-]{43}$/),
    described(
      'Equal in every copy of one mail to one recipient, whichever provider received it. For a mail without Message-ID that has no date or is truncated: equal only in copies from one provider.',
    ),
  );

/** Zod schema of a received mail on the inbound queue. The committed JSON Schema is generated from this zod schema. */
export const inboundSchema = z
  .looseObject({
    version,
    id,
    provider: describedText('Key of the provider that received the mail.'),
    providerMessageId: z.exactOptional(describedText("The provider's id of this received mail.")),
    receivedAt: time,
    envelope: z.looseObject({
      from: z.exactOptional(
        z
          .nullable(z.string())
          .check(described('Null for a bounce (null reverse-path); absent if the provider does not state it.')),
      ),
      to: z.array(z.string()).check(described('The one recipient of this copy of the mail.')),
    }),
    messageId: z.exactOptional(describedText('Message-ID with angle brackets.')),
    inReplyTo: z.exactOptional(z.string()),
    references: z.exactOptional(z.array(z.string())),
    date: z.exactOptional(time.check(described('The Date header, if it can be read.'))),
    subject: z.exactOptional(z.string()),
    from: z.exactOptional(mailboxes),
    to: z.exactOptional(mailboxes),
    cc: z.exactOptional(mailboxes),
    replyTo: z.exactOptional(mailboxes),
    headers: z
      .array(z.tuple([z.string(), z.string()]))
      .check(described('All headers that the provider passes on, in order, decoded, repeated headers included.')),
    text: z.exactOptional(z.string()),
    html: z.exactOptional(z.string()),
    strippedText: z.exactOptional(describedText('The reply without quoted text, if the provider extracts it.')),
    plusPart: z.exactOptional(describedText('The part after the + in the local part of the recipient.')),
    attachments: z.exactOptional(z.array(attachment)),
    raw: z.looseObject({
      s3: object,
      form: z
        .enum(['mime', 'request'])
        .check(
          described(
            "`mime`: the mail as received; `request`: the body of the provider's request, stored with its Content-Type.",
          ),
        ),
    }),
    spam: z.exactOptional(
      z.looseObject({ verdict: z.exactOptional(z.enum(SPAM_VERDICTS)), score: z.exactOptional(z.number()) }),
    ),
    authentication: z.exactOptional(
      z.looseObject({
        spf: z.exactOptional(z.enum(AUTHENTICATION_RESULTS)),
        dkim: z.exactOptional(z.enum(AUTHENTICATION_RESULTS)),
        dmarc: z.exactOptional(z.enum(AUTHENTICATION_RESULTS)),
      }),
    ),
    flags: z.exactOptional(
      z
        .array(z.enum(INBOUND_FLAGS))
        .check(
          described(
            '`truncated`: a part of the mail is only in the raw form; `unparsable`: the raw form could not be parsed as a mail.',
          ),
        ),
    ),
  })
  .check(z.meta({ title: 'InboundMessage' }));

/** Zod schema of a pointer: the message that is put on the inbound queue if the inbound message itself is too large for the queue. */
export const inboundPointerSchema = z
  .looseObject({ version, id, s3: object })
  .check(z.meta({ title: 'Pointer', description: 'The inbound message is the content of this object.' }));

export type InboundMessage = ClosedObject<z.infer<typeof inboundSchema>>;
export type InboundPointer = ClosedObject<z.infer<typeof inboundPointerSchema>>;
export type InboundAttachment = NonNullable<InboundMessage['attachments']>[number];
export type InboundMailbox = NonNullable<InboundMessage['from']>[number];
export type AuthenticationResult = (typeof AUTHENTICATION_RESULTS)[number];
