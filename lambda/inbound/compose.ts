import type { InboundAttachment, InboundMailbox, InboundMessage } from '../contract/inbound.ts';
import { INBOUND_VERSION, type InboundFlag } from '../contract/inbound-words.ts';
import { decodeWords } from '../mail/encoded-words.ts';
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
  /** ISO time. */
  readonly receivedAt: string;
  readonly raw: InboundMessage['raw'];
  readonly attachments: readonly InboundAttachment[];
  /** Flags that do not come from the headers. */
  readonly flags: readonly InboundFlag[];
  /** Whether another copy of the mail may be more complete. */
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
    // A second From is a forgery or a mistake: servers sign and show the first one.
    ...(sender && sender.length > 0 ? { from: sender } : addresses('from', asWritten('from').slice(0, 1), stated.from)),
    ...addresses('to', asWritten('to'), stated.to),
    ...addresses('cc', asWritten('cc'), stated.cc),
    ...addresses('replyTo', asWritten('reply-to'), stated.replyTo),
    headers,
    ...(content.text && { text: clean(content.text) }),
    ...(content.html && { html: clean(content.html) }),
    ...(posted.strippedText && { strippedText: withLineEnds(clean(posted.strippedText)) }),
  };
  const traits = { ...shared, attachments, incomplete, reception: receptionOf(posted, of('received'), raw) };
  return posted.recipients.map((given) => {
    const recipient = clean(given).trim();
    const plusPart = plusPartOf(recipient) ?? posted.plusPart;
    return {
      version: INBOUND_VERSION,
      id: identityOf(recipient, traits),
      provider,
      ...(posted.providerMessageId && { providerMessageId: clean(posted.providerMessageId) }),
      receivedAt,
      envelope: {
        ...(posted.sender !== undefined && { from: posted.sender === null ? null : clean(posted.sender) }),
        to: [recipient],
      },
      ...shared,
      ...(plusPart && { plusPart: clean(plusPart) }),
      ...(attachments.length > 0 && { attachments }),
      raw,
      ...(posted.verdicts ?? verdictsOf(type, headers)),
      ...(allFlags.length > 0 && { flags: allFlags }),
    };
  });
}

/** Identifies one received mail over retries: at least the last server writes its own id or time into each mail. */
function receptionOf(
  { reception, providerMessageId }: PostedMail,
  received: readonly string[],
  { s3 }: InboundMessage['raw'],
): string {
  const trace = received.map((value) => value.replace(/\s+/g, ' ')).join('\n');
  return reception || trace || providerMessageId || s3.key;
}

/** Addresses as the provider parsed them, since it knows more of the mail; from the header where it gives none. */
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

/** `abc` of `box+abc@example.com`. */
function plusPartOf(recipient: string): string | undefined {
  const local = recipient.slice(0, recipient.lastIndexOf('@'));
  const plus = local.indexOf('+');
  return plus > 0 && plus < local.length - 1 ? local.slice(plus + 1) : undefined;
}
