import type { InboundAttachment, InboundMailbox, InboundMessage } from '../contract/inbound.ts';
import { INBOUND_VERSION, type InboundFlag } from '../contract/inbound-enums.ts';
import { decodeWords } from '../mail/decode-words.ts';
import { withLineEnds } from '../mail/lines.ts';
import { defined } from '../platform/defined.ts';
import type { MailContent, PostedMail, StatedMailbox } from '../providers/inbound.ts';
import { mailboxOf, readDecodedSender, readMailboxes } from './addresses.ts';
import { clean, inOneLine } from './clean.ts';
import { isoDate } from './date.ts';
import { flagsOf } from './flags.ts';
import { valuesOf } from './headers.ts';
import { identityOf } from './identity.ts';
import { messageId, messageIds } from './message-ids.ts';
import { verdictsOf } from './verdicts.ts';

/** Facts about a received mail that are not in the mail itself. */
export interface ReceptionContext {
  readonly provider: string;
  readonly type: string;
  /** Time at which Mailover processes the mail, in ISO 8601. */
  readonly receivedAt: string;
  readonly raw: InboundMessage['raw'];
  readonly attachments: readonly InboundAttachment[];
  /** Flags that do not come from the headers. */
  readonly flags: readonly InboundFlag[];
  /** Whether the same mail may be received again in a more complete form. */
  readonly incomplete: boolean;
}

/** Composes one message per recipient of a mail, in the same shape for every provider. */
export function composeMessages(
  posted: PostedMail,
  content: MailContent,
  reception: ReceptionContext,
): InboundMessage[] {
  const { type, provider, receivedAt, raw, attachments, flags, incomplete } = reception;
  const headers = content.headers.map(([name, value]) => [clean(name), clean(decodeWords(value))] as const);
  const of = (name: string) => valuesOf(headers, name);
  const asWritten = (name: string) => valuesOf(content.headers, name);
  const { stated = {} } = content;
  const id = messageId(of('message-id'));
  const inReplyTo = messageId(of('in-reply-to'));
  const references = messageIds(of('references'));
  const date = isoDate(of('date')[0] ?? stated.date);
  const subject = inOneLine(stated.subject ?? of('subject')[0] ?? '');
  const [from] = asWritten('from');
  const sender = content.decoded && from !== undefined && readDecodedSender(from, of('sender').length > 0);
  const allFlags = [...new Set([...flagsOf(headers, posted.sender, attachments, content.text), ...flags])];
  const shared = {
    ...defined({
      messageId: id,
      inReplyTo,
      references: references.length > 0 ? references : undefined,
      date,
      subject: subject || undefined,
    }),
    // Only the first From header is read: a mail has only one From header (RFC 5322, section 3.6), so a second From header is a
    // forgery or a mistake.
    ...(sender && sender.length > 0 ? { from: sender } : addresses('from', asWritten('from').slice(0, 1), stated.from)),
    ...addresses('to', asWritten('to'), stated.to),
    ...addresses('cc', asWritten('cc'), stated.cc),
    ...addresses('replyTo', asWritten('reply-to'), stated.replyTo),
    headers,
    ...defined({
      text: content.text ? clean(content.text) : undefined,
      html: content.html ? clean(content.html) : undefined,
      strippedText: posted.strippedText ? withLineEnds(clean(posted.strippedText)) : undefined,
    }),
  };
  const traits = { ...shared, attachments, incomplete, reception: receptionOf(posted, of('received'), raw) };
  return posted.recipients.map((given) => {
    const recipient = clean(given).trim();
    const plusPart = plusPartOf(recipient) ?? posted.plusPart;
    return {
      version: INBOUND_VERSION,
      id: identityOf(recipient, traits),
      provider,
      ...defined({ providerMessageId: posted.providerMessageId ? clean(posted.providerMessageId) : undefined }),
      receivedAt,
      envelope: {
        ...defined({ from: posted.sender && clean(posted.sender) }),
        to: [recipient],
      },
      ...shared,
      ...defined({
        plusPart: plusPart ? clean(plusPart) : undefined,
        attachments: attachments.length > 0 ? attachments : undefined,
      }),
      raw,
      ...(posted.verdicts ?? verdictsOf(type, headers)),
      ...defined({ flags: allFlags.length > 0 ? allFlags : undefined }),
    };
  });
}

/**
 * Returns an id for one reception of a mail by the provider; the id stays the same when the provider posts this mail again. The
 * Received headers can serve as this id, since at least the last mail server writes an id or a time into them for each mail.
 */
function receptionOf(
  { reception, providerMessageId }: PostedMail,
  received: readonly string[],
  { s3 }: InboundMessage['raw'],
): string {
  const trace = received.map((value) => value.replace(/\s+/g, ' ')).join('\n');
  return reception || trace || providerMessageId || s3.key;
}

/**
 * Returns the mailboxes of one field. Mailboxes that the provider parsed are preferred, since the provider had the original mail.
 * If the provider parsed no mailboxes, they are read from the header, or from the provider's text if the mail has no such header.
 */
function addresses<Name extends 'from' | 'to' | 'cc' | 'replyTo'>(
  name: Name,
  values: readonly string[],
  stated: readonly StatedMailbox[] | string = [],
): Partial<Record<Name, readonly InboundMailbox[]>> {
  const listed = typeof stated === 'string' ? [] : stated.flatMap((one) => mailboxOf(one.name, one.address));
  const written = values.length === 0 && typeof stated === 'string' ? [stated] : values;
  const parsed = listed.length > 0 ? listed : readMailboxes(written);
  const given: Partial<Record<string, readonly InboundMailbox[]>> = parsed.length > 0 ? { [name]: parsed } : {};
  return given as Partial<Record<Name, readonly InboundMailbox[]>>;
}

/**
 * Returns the text between the first `+` and the `@` of an address, such as `abc` of `box+abc@example.com`; undefined if there is
 * no such text.
 */
function plusPartOf(recipient: string): string | undefined {
  const local = recipient.slice(0, recipient.lastIndexOf('@'));
  const plus = local.indexOf('+');
  return plus > 0 && plus < local.length - 1 ? local.slice(plus + 1) : undefined;
}
