import type { Posted, PostedMail, ReceivedFile } from '../inbound.ts';
import type { FormView } from './form-view.ts';

/** What a genuine form of a Mailgun route holds. */
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
    ...(sender !== undefined && { sender }),
    ...(providerMessageId && { providerMessageId }),
    takenAt,
    ...(strippedText && { strippedText }),
    ...(mime && { mime }),
    // The Messages API gives it as the JSON field `body-mime` (view-stored-messages, 2026-11-25).
    ...(storedAt && !mime && { storedAt, mimeWasText: true }),
    content: contentOf(view),
  };
  return { kind: 'mail', mail };
}

const CONTENT = ['body-plain', 'body-html', 'stripped-text', 'stripped-html', 'message-headers', 'subject', 'from'];

/** The older event webhooks are forms too; they have no MAIL FROM and no body. */
function isEvent(view: FormView): boolean {
  return (
    view.text('event') !== undefined && view.bytes('body-plain') === undefined && view.text('sender') === undefined
  );
}

/** One address by the documentation; users report a list when several recipients matched one route. */
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
  const headers = view.headers ?? statedHeaders(view);
  const text = view.text('body-plain');
  const html = view.all('body-html').filter(Boolean).join('\n');
  const files = filesOf(view);
  const subject = view.text('subject');
  const announced = Number(view.text('attachment-count') ?? 0);
  return {
    headers,
    ...(text && { text }),
    ...(html && { html }),
    files,
    ...(subject && { stated: { subject } }),
    ...((!view.complete || files.length < announced) && { truncated: true }),
  };
}

/** Without a list of headers, the few that Mailgun names itself. */
function statedHeaders(view: FormView): [string, string][] {
  return ['From', 'To', 'Cc', 'Subject', 'Date', 'Message-Id', 'In-Reply-To', 'References'].flatMap((name) => {
    const value = view.text(name) ?? view.text(name.toLowerCase());
    return value ? [[name, value] satisfies [string, string]] : [];
  });
}

function filesOf(view: FormView): ReceivedFile[] {
  const contentIds = contentIdMap(view.text('content-id-map'));
  return view.files.map(({ name, filename, contentType = 'application/octet-stream', value }) => {
    const contentId = contentIds.get(name);
    return {
      ...(filename && { filename }),
      contentType,
      content: value,
      ...(contentId !== undefined && { contentId }),
      inline: contentId !== undefined,
    };
  });
}

/** `{"<image1>": "attachment-1"}`, the other way round. */
function contentIdMap(json: string | undefined): Map<string, string> {
  try {
    const map: unknown = JSON.parse(json ?? 'null');
    if (typeof map !== 'object' || map === null) return new Map();
    return new Map(Object.entries(map).map(([contentId, field]) => [String(field), contentId]));
  } catch {
    return new Map();
  }
}
