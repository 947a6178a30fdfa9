import { headerValue } from '../header-value.ts';
import type { Posted, PostedMail, ReceivedFile, Stated, StatedMailbox } from '../inbound.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the body of a genuine inbound webhook holds. */
export function readPosted(body: Buffer): Posted {
  let given: unknown;
  try {
    given = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'unreadable', detail: 'not JSON' };
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { kind: 'unreadable', detail: 'JSON, but no object' };
  const fields = given as Fields;
  const recordType = text(fields, 'RecordType');
  // Only event webhooks have it (postmarkapp.com/developer/webhooks, 2026-11-25).
  if (recordType && recordType !== 'Inbound') return { kind: 'event' };
  const recipient = recipientOf(fields);
  if (recipient === undefined) return { kind: 'unreadable', detail: 'no recipient' };
  const headers = headersOf(fields);
  const sender = senderOf(headers);
  const providerMessageId = text(fields, 'MessageID');
  const strippedText = text(fields, 'StrippedTextReply');
  const plusPart = text(fields, 'MailboxHash');
  const raw = text(fields, 'RawEmail');
  const mail: PostedMail = {
    recipients: [recipient],
    ...(sender !== undefined && { sender }),
    ...(providerMessageId && { providerMessageId, reception: providerMessageId }),
    ...(strippedText && { strippedText }),
    ...(plusPart && { plusPart }),
    ...(raw && { mime: Buffer.from(raw, 'utf8'), mimeWasText: true }),
    content: contentOf(fields, headers),
  };
  return { kind: 'mail', mail };
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value)
    ? value.filter((entry): entry is Fields => typeof entry === 'object' && entry !== null)
    : [];
}

/** The envelope recipient; payloads from before that field existed have the header lists only. */
function recipientOf(fields: Fields): string | undefined {
  const listed = ['ToFull', 'CcFull', 'BccFull'].flatMap((name) => list(fields, name));
  const address = text(fields, 'OriginalRecipient') ?? listed.map((entry) => text(entry, 'Email')).find(Boolean);
  return address?.includes('@') ? address.trim() : undefined;
}

/** Postmark tells the envelope sender only in headers that it adds itself. */
function senderOf(headers: readonly (readonly [string, string])[]): string | null | undefined {
  const value = (name: string) => headers.find(([given]) => given.toLowerCase() === name)?.[1];
  const [, path] = /^\s*<([^<>]*)>/.exec(value('return-path') ?? '') ?? [];
  const [, envelope] = /\benvelope-from="?([^;\s"]*)/i.exec(value('received-spf') ?? '') ?? [];
  const stated = path ?? envelope;
  if (stated === undefined) return undefined;
  const address = stated.replace(/^<(.*)>$/, '$1').trim();
  return address === '' ? null : address;
}

function headersOf(fields: Fields): [string, string][] {
  return list(fields, 'Headers').flatMap((entry): [string, string][] => {
    const { Name, Value } = entry;
    const value = headerValue(Value);
    return typeof Name === 'string' && value !== undefined ? [[Name, value]] : [];
  });
}

function contentOf(fields: Fields, headers: readonly (readonly [string, string])[]): PostedMail['content'] {
  const body = text(fields, 'TextBody');
  const html = text(fields, 'HtmlBody');
  return {
    headers,
    ...(body && { text: body }),
    ...(html && { html }),
    files: list(fields, 'Attachments').map(fileOf),
    stated: statedOf(fields),
  };
}

function fileOf(entry: Fields): ReceivedFile {
  const filename = text(entry, 'Name');
  const contentId = text(entry, 'ContentID');
  return {
    ...(filename && { filename }),
    contentType: text(entry, 'ContentType') ?? 'application/octet-stream',
    content: Buffer.from(text(entry, 'Content') ?? '', 'base64'),
    ...(contentId && { contentId }),
    inline: contentId !== undefined,
  };
}

function statedOf(fields: Fields): Stated {
  const mailboxes = (entries: readonly Fields[]): StatedMailbox[] =>
    entries.flatMap((entry) => {
      const address = text(entry, 'Email');
      const name = text(entry, 'Name');
      return address ? [{ ...(name && { name }), address }] : [];
    });
  const full = fields['FromFull'];
  const from = mailboxes(typeof full === 'object' && full !== null ? [full as Fields] : []);
  const to = mailboxes(list(fields, 'ToFull'));
  const cc = mailboxes(list(fields, 'CcFull'));
  const [replyTo, subject, date] = [text(fields, 'ReplyTo'), text(fields, 'Subject'), text(fields, 'Date')];
  return {
    ...(from.length > 0 && { from }),
    ...(to.length > 0 && { to }),
    ...(cc.length > 0 && { cc }),
    ...(replyTo && { replyTo }),
    ...(subject && { subject }),
    ...(date && { date }),
  };
}
