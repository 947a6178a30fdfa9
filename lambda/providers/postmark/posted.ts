import addressparser from 'nodemailer/lib/addressparser';
import { parsePosted } from '../../contract/json-bounds.ts';
import { decodeWords } from '../../mail/encoded-words.ts';
import { defined } from '../../platform/defined.ts';
import { headerValue } from '../header-value.ts';
import type { Posted, PostedMail, ReceivedFile, Stated, StatedMailbox } from '../inbound.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Content of a genuine inbound webhook. */
export function readPosted(body: Buffer): Posted {
  let given: unknown;
  try {
    given = parsePosted(body);
  } catch (error) {
    return { kind: 'unreadable', detail: error instanceof RangeError ? error.message : 'not JSON' };
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
    ...defined({ sender }),
    ...(providerMessageId && { providerMessageId, reception: providerMessageId }),
    ...defined({ strippedText: strippedText || undefined, plusPart: plusPart || undefined }),
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

/** The envelope recipient; older payloads lack the field and have only the headers, as lists and unparsed. */
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

/** Characters that contain the first address. */
const MAX_HEADER = 2_000;

/** Postmark states the envelope sender only in headers that it adds. */
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
  const entries = list(fields, 'Attachments');
  const files = entries.map(fileOf);
  // Postmark always sends `TextBody` and `HtmlBody`, empty if the mail has none.
  const told = 'RawEmail' in fields || 'TextBody' in fields || 'HtmlBody' in fields;
  // Samples in the documentation have placeholder words in place of the content.
  const cut = entries.some(
    ({ ContentLength }, place) => Number(ContentLength) > 2 * (files[place]?.content.length ?? 0),
  );
  return {
    headers,
    ...defined({ text: body || undefined, html: html || undefined }),
    files,
    stated: statedOf(fields),
    ...((!told || cut) && { truncated: true }),
  };
}

function fileOf(entry: Fields): ReceivedFile {
  const filename = text(entry, 'Name');
  const contentId = text(entry, 'ContentID');
  // The check button of a webhook sends it as `Data` (django-anymail, webhooks/postmark.py, 2026-11-28).
  const content = text(entry, 'Content') ?? text(entry, 'Data') ?? '';
  return {
    ...(filename && { filename: decodeWords(filename) }),
    contentType: text(entry, 'ContentType') ?? 'application/octet-stream',
    content: Buffer.from(content, 'base64'),
    ...(contentId && { contentId }),
    inline: false,
  };
}

function statedOf(fields: Fields): Stated {
  const mailboxes = (entries: readonly Fields[]): StatedMailbox[] =>
    entries.flatMap((entry) => {
      const address = text(entry, 'Email');
      const name = text(entry, 'Name');
      return address ? [{ ...(name && { name }), address }] : [];
    });
  // After an empty list the field with the unparsed header is used.
  const given = (name: string, entries: readonly Fields[]) => {
    const listed = mailboxes(entries);
    if (listed.length > 0) return listed;
    const [address, shown] = [text(fields, name), text(fields, `${name}Name`)];
    return address && shown && !address.includes('<') ? [{ name: shown, address }] : address;
  };
  const full = fields['FromFull'];
  const from = given('From', typeof full === 'object' && full !== null ? [full as Fields] : []);
  const to = given('To', list(fields, 'ToFull'));
  const cc = given('Cc', list(fields, 'CcFull'));
  const [replyTo, subject, date] = [text(fields, 'ReplyTo'), text(fields, 'Subject'), text(fields, 'Date')];
  return defined({
    from: from || undefined,
    to: to || undefined,
    cc: cc || undefined,
    replyTo: replyTo || undefined,
    subject: subject || undefined,
    date: date || undefined,
  });
}
