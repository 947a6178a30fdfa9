import type { MailComposerAttachment } from 'nodemailer/lib/mail-composer';
import { mailboxHeader, textHeader } from './header-line.ts';
import type { Message, MessageAttachment } from './message.ts';

/**
 * The message as MIME: CRLF line ends, no Bcc, lines of at most 998 characters, and ASCII unless an address has a
 * non-ASCII local part.
 */
export async function composeMime(message: Message): Promise<Buffer> {
  // Loaded at the first use: not every provider takes MIME, and a cold start should not pay for it.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const parts = new MailComposer({
    messageId: message.messageId,
    date: message.date.toUTCString().replace('GMT', '+0000'),
    ...(message.text !== undefined && { text: withCrlf(message.text) }),
    ...(message.html !== undefined && { html: withCrlf(message.html) }),
    attachments: message.attachments.map(composed),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  return Buffer.concat([Buffer.from(`${headers(message).join('\r\n')}\r\n`), await parts.build()]);
}

// Written here: nodemailer parses addresses once more, encodes only parts of a name, and passes on what looks encoded
// (read in nodemailer 10.6.0, 2026-11-23).
function headers({ from, to, cc, replyTo, subject, headers: custom }: Message): string[] {
  return [
    mailboxHeader('From', [from]),
    ...(to.length > 0 ? [mailboxHeader('To', to)] : []),
    ...(cc.length > 0 ? [mailboxHeader('Cc', cc)] : []),
    ...(to.length + cc.length === 0 ? ['To: undisclosed-recipients:;'] : []),
    ...(replyTo.length > 0 ? [mailboxHeader('Reply-To', replyTo)] : []),
    ...(subject === '' ? [] : [textHeader('Subject', subject)]),
    ...custom.map(([name, value]) => textHeader(name, value)),
  ];
}

/** A bare CR or LF is what SMTP smuggling is made of (CVE-2023-51764), and 7bit would let it through. */
function withCrlf(text: string): string {
  return text.toWellFormed().replace(/\r\n|\r|\n/g, '\r\n');
}

function composed({ filename, contentType, content, contentId }: MessageAttachment): MailComposerAttachment {
  // RFC 2046 section 5.2.1 forbids base64 for message types; one that 7bit would change goes as plain bytes instead.
  const embedded = /^message\//i.test(contentType);
  const asIs = embedded && isSevenBit(content);
  return {
    filename: filename.toWellFormed(),
    contentType: embedded && !asIs ? 'application/octet-stream' : contentType,
    content,
    contentTransferEncoding: asIs ? '7bit' : 'base64',
    contentDisposition: contentId === undefined ? 'attachment' : 'inline',
    ...(contentId !== undefined && { cid: contentId }),
  };
}

/** ASCII without NUL, in CRLF lines of at most 998 characters. */
function isSevenBit(content: Buffer): boolean {
  const lines = content.toString('latin1').split('\r\n');
  return !content.includes(0) && lines.every((text) => text.length <= 998 && !/[\r\n]|\P{ASCII}/u.test(text));
}
