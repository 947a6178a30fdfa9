import * as z from 'zod/mini';
import type { Closed } from './closed.ts';
import { described } from './described.ts';
import { AUTHENTICATION_RESULTS, INBOUND_FLAGS, INBOUND_VERSION, SPAM_VERDICTS } from './inbound-words.ts';

const time = z.iso.datetime({ offset: false });

const object = z.looseObject({ bucket: z.string(), key: z.string() });
const mailbox = z.looseObject({
  name: z.exactOptional(z.string()),
  address: z.string().check(described('As in the header.')),
});
const mailboxes = z.array(mailbox);

const attachment = z.looseObject({
  filename: z.exactOptional(
    z.string().check(described('Without path or control characters; absent if the mail has none.')),
  ),
  contentType: z.string().check(described('Media type in lower case, without parameters.')),
  charset: z.exactOptional(z.string().check(described('Charset of a text, in lower case, if the mail declares it.'))),
  method: z.exactOptional(
    z.string().check(described('Method of a calendar (RFC 5546), in upper case: REQUEST, CANCEL, …')),
  ),
  contentLocation: z.exactOptional(z.string().check(described('The Content-Location of the part, if known.'))),
  size: z.int().check(z.nonnegative()),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  contentId: z.exactOptional(z.string().check(described('Without angle brackets.'))),
  inline: z.exactOptional(
    z.literal(true).check(described('Shown within the text: by its disposition, or because the HTML refers to it.')),
  ),
  s3: object,
});

const version = z.literal(INBOUND_VERSION);
const id = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_-]{43}$/),
    described(
      'The same for every copy of one mail to one recipient, from any provider; for a mail without Message-ID that has no date or is truncated, for every copy from one provider.',
    ),
  );

/** A received mail as on the inbound queue; the committed JSON Schema is generated from this. */
export const inboundSchema = z
  .looseObject({
    version,
    id,
    provider: z.string().check(described('Key of the provider that received it.')),
    providerMessageId: z.exactOptional(z.string().check(described("The provider's own id of this reception."))),
    receivedAt: time,
    envelope: z.looseObject({
      from: z.exactOptional(
        z
          .nullable(z.string())
          .check(described('Null for a bounce (null reverse-path); absent if the provider does not state it.')),
      ),
      to: z.array(z.string()).check(described('The recipient that this copy is for.')),
    }),
    messageId: z.exactOptional(z.string().check(described('With angle brackets.'))),
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
      .check(described('All headers in order, decoded, with repeats, as far as the provider gives them.')),
    text: z.exactOptional(z.string()),
    html: z.exactOptional(z.string()),
    strippedText: z.exactOptional(
      z.string().check(described('The reply without quoted text, if the provider gives it.')),
    ),
    plusPart: z.exactOptional(z.string().check(described('The part after the + in the local part of the recipient.'))),
    attachments: z.exactOptional(z.array(attachment)),
    raw: z.looseObject({
      s3: object,
      form: z
        .enum(['mime', 'request'])
        .check(described('`mime`: the mail as received; `request`: the body as posted, with its Content-Type.')),
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
            '`truncated`: a part of the mail is only in the raw form; `unparsable`: it could not be parsed as a mail.',
          ),
        ),
    ),
  })
  .check(z.meta({ title: 'InboundMessage' }));

/** Message on the queue in place of one that is larger than the queue accepts. */
export const inboundPointerSchema = z
  .looseObject({ version, id, s3: object })
  .check(z.meta({ title: 'Pointer', description: 'The inbound message is the content of this object.' }));

export type InboundMessage = Closed<z.infer<typeof inboundSchema>>;
export type InboundPointer = Closed<z.infer<typeof inboundPointerSchema>>;
export type InboundAttachment = NonNullable<InboundMessage['attachments']>[number];
export type InboundMailbox = NonNullable<InboundMessage['from']>[number];
export type AuthenticationResult = (typeof AUTHENTICATION_RESULTS)[number];
