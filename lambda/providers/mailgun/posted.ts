import { parsePosted } from '../../contract/json-bounds.ts';
import { decodeWords } from '../../mail/encoded-words.ts';
import { defined } from '../../platform/defined.ts';
import type { Posted, PostedMail, ReceivedFile } from '../inbound.ts';
import type { FormView } from './form-view.ts';

/** Content of a genuine form of a Mailgun route. */
export function readPosted(view: FormView, takenAt: number): Posted {
  const mime = view.bytes('body-mime');
  const storedAt = view.text('message-url');
  if (mime === undefined && isEvent(view)) return { kind: 'event' };
  const recipients = recipientsOf(view.text('recipient') || view.text('recipients') || '');
  if (recipients.length === 0) return { kind: 'unreadable', detail: 'no recipient' };
  if (mime === undefined && storedAt === undefined && !CONTENT.some((name) => view.bytes(name) !== undefined))
    return { kind: 'unreadable', detail: 'no content' };
  const sender = senderOf(view.text('sender'));
  const strippedText = view.text('stripped-text');
  const providerMessageId = storageKey(storedAt);
  const mail: PostedMail = {
    recipients,
    ...defined({ sender, providerMessageId: providerMessageId || undefined }),
    takenAt,
    ...defined({ strippedText: strippedText || undefined, mime }),
    // The Messages API returns it as the JSON field `body-mime` (view-stored-messages, 2026-11-25).
    ...(storedAt && !mime && { storedAt, mimeWasText: true }),
    content: contentOf(view),
  };
  return { kind: 'mail', mails: [mail] };
}

const CONTENT = ['body-plain', 'body-html', 'stripped-text', 'stripped-html', 'message-headers', 'subject', 'from'];

/** The older event webhooks are forms as well; they have no MAIL FROM and no body. */
function isEvent(view: FormView): boolean {
  return (
    view.text('event') !== undefined && view.bytes('body-plain') === undefined && view.text('sender') === undefined
  );
}

/** One address according to the documentation; users report a list when several recipients matched one route. */
function recipientsOf(text: string): string[] {
  const list = text.includes('"') ? [text] : text.split(',');
  return [
    ...new Set(
      list.map((address) => address.trim().replace(/^<(.*)>$/, '$1')).filter((address) => address.includes('@')),
    ),
  ];
}

function senderOf(text: string | undefined): string | null | undefined {
  const address = text?.trim().replace(/^<(.*)>$/, '$1');
  return address === '' ? null : address;
}

/** Storage URLs end in the key of the message. */
function storageKey(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.pathname.split('/').at(-1);
}

function contentOf(view: FormView): PostedMail['content'] {
  const headers = headersOf(view);
  const text = view.text('body-plain');
  const html = view.all('body-html').filter(Boolean).join('\n');
  const files = filesOf(view);
  const subject = view.text('subject');
  // `body-plain` is always present, and empty if the mail has no text (documentation.mailgun.com, store-retrieve,
  // 2026-11-25).
  const told =
    view.bytes('body-mime') !== undefined || BODIES.some((name) => view.bytes(name) !== undefined) || files.length > 0;
  const announced = Number(view.text('attachment-count') ?? 0);
  return {
    headers,
    decoded: true,
    ...defined({ text: text || undefined, html: html || undefined }),
    files,
    stated: { ...(subject && { subject }), files: listedFiles(view.text('attachments')) },
    ...((!view.complete || files.length < announced || !told) && { truncated: true }),
  };
}

const BODIES = ['body-plain', 'body-html', 'stripped-text', 'stripped-html'];

/** The list of headers; if it is empty, the fields are used, since Mailgun posts each header as one. */
function headersOf(view: FormView): PostedMail['content']['headers'] {
  const { headers = [], headerFields } = view;
  if (headers.length > 0) return headers;
  const given = new Set(headerFields.map(([name]) => name.toLowerCase()));
  const inSmallLetters = ['From', 'To', 'Cc', 'Reply-To', 'Subject', 'Date', 'Message-Id', 'In-Reply-To', 'References'];
  const others = inSmallLetters.filter((name) => !given.has(name.toLowerCase()));
  return [
    ...headerFields,
    ...others.flatMap((name) => {
      const value = view.text(name.toLowerCase());
      return value ? [[name, value] satisfies [string, string]] : [];
    }),
  ];
}

function filesOf(view: FormView): ReceivedFile[] {
  const contentIds = contentIdMap(view.text('content-id-map'));
  return view.files.map(({ name, filename, contentType = 'application/octet-stream', value }) => {
    const contentId = contentIds.get(name);
    return {
      ...(filename && { filename: decodeWords(filename) }),
      contentType,
      content: value,
      ...defined({ contentId }),
      inline: false,
    };
  });
}

/** Files of a stored mail, by their names in the notification (user manual, store(), 2026-11-23). */
function listedFiles(json: string | undefined): { filename: string; size: number }[] {
  const list = attempt(() => parsePosted(json ?? '[]'));
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const { name, size } = Object(entry) as { readonly name?: unknown; readonly size?: unknown };
    return typeof name === 'string' && typeof size === 'number' ? [{ filename: name, size }] : [];
  });
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** `{"<image1>": "attachment-1"}` inverted. */
function contentIdMap(json: string | undefined): Map<string, string> {
  const map = attempt(() => parsePosted(json ?? 'null'));
  if (typeof map !== 'object' || map === null) return new Map();
  return new Map(Object.entries(map).map(([contentId, field]) => [String(field), contentId]));
}
