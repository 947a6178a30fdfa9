import { decodeWords } from '../../mail/decode-words.ts';
import { defined } from '../../platform/defined.ts';
import { jsonOf, listOf } from '../event-fields.ts';
import type { Posted, PostedMail, ReceivedFile } from '../inbound.ts';
import type { FormView } from './form-view.ts';

/** Reads the content of a form that a Mailgun route posted. The signature of the form has been verified already. */
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
    ...defined({
      sender,
      providerMessageId: providerMessageId || undefined,
      takenAt,
      strippedText: strippedText || undefined,
      mime,
    }),
    // The Messages API returns the stored mail as the JSON field `body-mime` (view-stored-messages, 2026-11-25).
    ...(storedAt && !mime && { storedAt, mimeWasText: true }),
    content: contentOf(view),
  };
  return { kind: 'mail', mails: [mail] };
}

const CONTENT = ['body-plain', 'body-html', 'stripped-text', 'stripped-html', 'message-headers', 'subject', 'from'];

/** Whether the form contains an event of Mailgun's older event webhooks. Such a form has no envelope sender and no body. */
function isEvent(view: FormView): boolean {
  return (
    view.text('event') !== undefined && view.bytes('body-plain') === undefined && view.text('sender') === undefined
  );
}

/**
 * Returns the recipients in `text`. According to the documentation there is only one recipient, but users report a list if
 * several recipients match one route.
 */
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

/** Returns the key of a stored message: the last segment of its URL in the storage. */
function storageKey(url: string | undefined): string | undefined {
  return url === undefined ? undefined : URL.parse(url)?.pathname.split('/').at(-1);
}

function contentOf(view: FormView): PostedMail['content'] {
  const headers = headersOf(view);
  const text = view.text('body-plain');
  const html = view.all('body-html').filter(Boolean).join('\n');
  const files = filesOf(view);
  const subject = view.text('subject');
  // `body-plain` is always present; it is empty if the mail has no text (documentation.mailgun.com, store-retrieve, 2026-11-25).
  // Therefore a form with neither a body nor a file does not contain the content of the mail.
  const hasContent =
    view.bytes('body-mime') !== undefined || BODIES.some((name) => view.bytes(name) !== undefined) || files.length > 0;
  const announced = Number(view.text('attachment-count') ?? 0);
  return {
    headers,
    decoded: true,
    ...defined({ text: text || undefined, html: html || undefined }),
    files,
    stated: { ...defined({ subject: subject || undefined }), files: listedFiles(view.text('attachments')) },
    ...defined({ truncated: !view.complete || files.length < announced || !hasContent || undefined }),
  };
}

const BODIES = ['body-plain', 'body-html', 'stripped-text', 'stripped-html'];

/**
 * Returns the headers in the list `message-headers`. If this list is missing or empty, returns the headers that fields of the
 * form repeat: Mailgun posts each header as a field too.
 */
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
      ...defined({ filename: filename ? decodeWords(filename) : undefined }),
      contentType,
      content: value,
      ...defined({ contentId }),
      inline: false,
    };
  });
}

/** Returns the names and sizes of the files of a stored mail. The notification lists them (user manual, store(), 2026-11-23). */
function listedFiles(json: string | undefined): { filename: string; size: number }[] {
  return listOf(parsed(json)).flatMap(({ name, size }) =>
    typeof name === 'string' && typeof size === 'number' ? [{ filename: name, size }] : [],
  );
}

function parsed(json = ''): unknown {
  const read = jsonOf(json);
  return 'value' in read ? read.value : undefined;
}

/**
 * Returns the Content-IDs of files, by the names of the form fields that contain the files. Mailgun posts the reverse map, such
 * as `{"<image1>": "attachment-1"}`.
 */
function contentIdMap(json: string | undefined): Map<string, string> {
  const map = parsed(json);
  if (typeof map !== 'object' || map === null) return new Map();
  return new Map(Object.entries(map).map(([contentId, field]) => [String(field), contentId]));
}
