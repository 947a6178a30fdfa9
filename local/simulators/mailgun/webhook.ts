import { createHmac, randomBytes } from 'node:crypto';
import { encodeForm, type PostedField, type WireBody } from '../inbound/form.ts';
import { headerOf, type ReceivedMail, strippedReply } from '../inbound/received-mail.ts';

/** The three forms in which a route of Mailgun posts a mail. */
export const MAILGUN_FORMS = ['form', 'mime', 'store'] as const;
export type MailgunForm = (typeof MAILGUN_FORMS)[number];

/** A timestamp, a token and the HMAC of both, as in the posts of Mailgun's routes and webhooks. */
export interface WebhookSignature {
  readonly timestamp: string;
  readonly token: string;
  readonly signature: string;
}

/** Signs a post as Mailgun does, with the HMAC-SHA256 of timestamp and token. The signature does not cover the body. */
export function signPost(signingKey: string, epochSeconds: number): WebhookSignature {
  const token = randomBytes(25).toString('hex');
  const timestamp = String(epochSeconds);
  const signature = createHmac('sha256', signingKey)
    .update(timestamp + token)
    .digest('hex');
  return { timestamp, token, signature };
}

/**
 * Returns the body with which a route of Mailgun posts a mail. Sources: Mailgun user manual (source/user_manual.rst, 2024) and
 * "Receive HTTP" of documentation.mailgun.com, collected 2026-11-23.
 */
export function mailgunBody(
  mail: ReceivedMail,
  form: MailgunForm,
  signature: WebhookSignature,
  messageUrl: string,
): WireBody {
  const common: PostedField[] = [
    ['recipient', mail.to],
    ['sender', mail.from ?? ''],
    ['subject', headerOf(mail, 'Subject')],
    ['from', headerOf(mail, 'From')],
  ];
  const signed: PostedField[] = Object.entries(signature);
  switch (form) {
    case 'mime':
      return encodeForm([...common, ['body-mime', mail.raw], ...signed]);
    case 'form': {
      const files = mail.attachments.map(
        ({ filename, contentType, content }, place): PostedField => [
          `attachment-${place + 1}`,
          content,
          { filename: filename ?? '', contentType },
        ],
      );
      const count: PostedField[] = files.length > 0 ? [['attachment-count', String(files.length)]] : [];
      const cids = contentIdMap(mail, (place) => `attachment-${place + 1}`);
      return encodeForm([...common, ...parsed(mail), ...count, ...cids, ...signed, ...files]);
    }
    case 'store': {
      const url = (place: number): string => `${messageUrl}/attachments/${place}`;
      return encodeForm([
        ...common,
        ...parsed(mail),
        ['attachments', JSON.stringify(storedAttachments(mail, url))],
        ...contentIdMap(mail, url),
        ['message-url', messageUrl],
        ...signed,
      ]);
    }
  }
}

/** Returns the attachments in the form in which Mailgun's notification about a stored message lists them. */
export function storedAttachments(mail: ReceivedMail, url: (place: number) => string): object[] {
  return mail.attachments.map(({ filename, contentType, content }, place) => ({
    url: url(place),
    'content-type': contentType,
    name: filename ?? '',
    size: content.length,
  }));
}

/**
 * Returns the form fields of a parsed mail: its bodies, every header as a field, and all headers as JSON. The field `body-plain`
 * is always present: if the mail has no text, Mailgun derives `body-plain` from the HTML (documentation.mailgun.com,
 * store-retrieve, 2026-11-25).
 */
export function parsed(mail: ReceivedMail): PostedField[] {
  const headers = mail.headers.map(([name, value]) => [canonical(name), value] as const);
  const plain = mail.text || textOfHtml(mail.html ?? '');
  const { reply, signature } = strippedReply(plain);
  return [
    ['body-plain', plain],
    ['stripped-text', reply],
    ['stripped-signature', signature],
    ...(mail.html === undefined
      ? []
      : ([
          ['body-html', mail.html],
          ['stripped-html', mail.html],
        ] as PostedField[])),
    ...headers,
    ['message-headers', JSON.stringify(headers)],
  ];
}

/** Converts HTML to text in a simple way. Mailgun does not document its own conversion. */
function textOfHtml(html: string): string {
  return html.replace(/<[^<>]*>/g, ' ').trim();
}

function contentIdMap(mail: ReceivedMail, target: (place: number) => string): PostedField[] {
  const entries = mail.attachments.flatMap(({ contentId }, place) =>
    contentId === undefined ? [] : [[`<${contentId}>`, target(place)] as const],
  );
  return entries.length === 0 ? [] : [['content-id-map', JSON.stringify(Object.fromEntries(entries))]];
}

/** Returns a header name in the spelling that Mailgun uses, for example `Message-Id` for `MESSAGE-ID`. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
