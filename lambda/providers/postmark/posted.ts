import addressparser from 'nodemailer/lib/addressparser';
import { decodeWords } from '../../mail/decode-words.ts';
import { defined } from '../../platform/defined.ts';
import { type Fields, jsonOf } from '../event-fields.ts';
import { headerValue } from '../header-value.ts';
import type { Posted, PostedMail, ReceivedFile, Stated, StatedMailbox } from '../inbound.ts';

/** Reads the content of a request of the inbound webhook. The password of the request has been verified already. */
export function readPosted(body: Buffer): Posted {
  const json = jsonOf(body);
  if ('problem' in json) return { kind: 'unreadable', detail: json.problem };
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))
    return { kind: 'unreadable', detail: 'JSON, but no object' };
  const fields = json.value as Fields;
  const recordType = text(fields, 'RecordType');
  // Only event webhooks have a RecordType (postmarkapp.com/developer/webhooks, 2026-11-25).
  if (recordType && recordType !== 'Inbound') return { kind: 'event' };
  const recipient = recipientOf(fields);
  if (recipient === undefined) return { kind: 'unreadable', detail: 'no recipient' };
  const headers = headersOf(fields);
  const providerMessageId = text(fields, 'MessageID');
  const raw = text(fields, 'RawEmail');
  const mail: PostedMail = {
    recipients: [recipient],
    ...defined({
      sender: senderOf(headers),
      providerMessageId,
      reception: providerMessageId,
      strippedText: text(fields, 'StrippedTextReply'),
      plusPart: text(fields, 'MailboxHash'),
    }),
    ...(raw && { mime: Buffer.from(raw, 'utf8'), mimeWasText: true }),
    content: contentOf(fields, headers),
  };
  return { kind: 'mail', mails: [mail] };
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

/**
 * Returns the envelope recipient. If the request lacks the field `OriginalRecipient`, as older requests do, returns the first
 * address in To, Cc or Bcc.
 */
function recipientOf(fields: Fields): string | undefined {
  const names = ['To', 'Cc', 'Bcc'];
  const listed = names.flatMap((name) => list(fields, `${name}Full`)).map((entry) => text(entry, 'Email'));
  const written = names.flatMap((name) =>
    addressparser(text(fields, name)?.slice(0, MAX_HEADER) ?? '', { flatten: true }),
  );
  return [text(fields, 'OriginalRecipient'), ...listed, ...written.map(({ address }) => address)]
    .find((address) => address?.includes('@'))
    ?.trim();
}

/** Number of characters of an unparsed To, Cc or Bcc header in which addresses are searched. */
const MAX_HEADER = 2_000;

/** Returns the envelope sender. Postmark states the envelope sender only in headers that it adds to the mail. */
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
  const entries = list(fields, 'Attachments');
  const files = entries.map(fileOf);
  // Postmark always posts `TextBody` and `HtmlBody`, which are empty if the mail has no such body. Therefore a request with none
  // of these fields does not contain the content of the mail.
  const hasContent = 'RawEmail' in fields || 'TextBody' in fields || 'HtmlBody' in fields;
  // A file counts as cut off if its content is shorter than half of `ContentLength`, such as the placeholders in the samples in
  // Postmark's documentation.
  const cut = entries.some(
    ({ ContentLength }, place) => Number(ContentLength) > 2 * (files[place]?.content.length ?? 0),
  );
  return {
    headers,
    ...defined({ text: text(fields, 'TextBody'), html: text(fields, 'HtmlBody') }),
    files,
    stated: statedOf(fields),
    ...defined({ truncated: !hasContent || cut || undefined }),
  };
}

function fileOf(entry: Fields): ReceivedFile {
  const filename = text(entry, 'Name');
  // The test request of Postmark's user interface has the content in the field `Data` (django-anymail, webhooks/postmark.py,
  // 2026-11-28).
  const content = text(entry, 'Content') ?? text(entry, 'Data') ?? '';
  return {
    ...defined({ filename: filename && decodeWords(filename) }),
    contentType: text(entry, 'ContentType') ?? 'application/octet-stream',
    content: Buffer.from(content, 'base64'),
    ...defined({ contentId: text(entry, 'ContentID') }),
    inline: false,
  };
}

function statedOf(fields: Fields): Stated {
  const mailboxes = (entries: readonly Fields[]): StatedMailbox[] =>
    entries.flatMap((entry) => {
      const address = text(entry, 'Email');
      return address ? [{ ...defined({ name: text(entry, 'Name') }), address }] : [];
    });
  // If the list of parsed addresses is empty, the field with the unparsed header is used instead.
  const given = (name: string, entries: readonly Fields[]) => {
    const listed = mailboxes(entries);
    if (listed.length > 0) return listed;
    const [address, shown] = [text(fields, name), text(fields, `${name}Name`)];
    return address && shown && !address.includes('<') ? [{ name: shown, address }] : address;
  };
  const full = fields['FromFull'];
  return defined({
    from: given('From', typeof full === 'object' && full !== null ? [full as Fields] : []),
    to: given('To', list(fields, 'ToFull')),
    cc: given('Cc', list(fields, 'CcFull')),
    replyTo: text(fields, 'ReplyTo'),
    subject: text(fields, 'Subject'),
    date: text(fields, 'Date'),
  });
}
