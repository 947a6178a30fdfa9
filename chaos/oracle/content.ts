import { createHash } from 'node:crypto';
import PostalMime from 'postal-mime';
import type { Message } from '../../lambda/mail/message.ts';
import type { ExpectedContent } from '../mails/mail.ts';
import type { History } from './history.ts';

/**
 * Fields of a mail that the oracle compares. One object is filled from the producer's mail, another from the data that the provider
 * got.
 */
interface Read {
  readonly id: string | undefined;
  readonly handle: string | undefined;
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly order: string | undefined;
  readonly attachments: readonly string[];
}

/**
 * Returns the name of a field in which the request to a provider differs from the content that the producer wrote; undefined if
 * there is no difference.
 */
export function messageDiffers(
  history: History,
  message: Message,
  recipients: readonly string[] = [],
): string | undefined {
  const { bcc, attachments, headers } = message;
  const stranger = recipients.some((address) => !history.mail.recipients.includes(address));
  if (stranger) return 'a recipient that the producer did not name';
  if (!same(addresses(bcc), history.mail.content.bcc)) return 'bcc';
  const header = (name: string) => headers.find(([one]) => one.toLowerCase() === name)?.[1];
  return differs(history, {
    id: header('x-mailover-id'),
    handle: message.handle,
    from: message.from.address,
    to: addresses(message.to),
    cc: addresses(message.cc),
    replyTo: addresses(message.replyTo),
    subject: message.subject,
    text: message.text ?? '',
    html: message.html ?? '',
    order: header('x-order'),
    attachments: attachments.map(({ filename, content }) => `${filename} ${sha256(content)}`),
  });
}

/**
 * Returns the name of a field in which the MIME message for a provider differs from the content that the producer wrote; undefined
 * if there is no difference.
 */
export async function mimeDiffers(history: History, mime: Buffer): Promise<string | undefined> {
  const read = await PostalMime.parse(mime, { attachmentEncoding: 'arraybuffer' });
  const header = (name: string) => read.headers.find(({ key }) => key === name)?.value;
  if (header('bcc') !== undefined) return 'a Bcc header in the MIME';
  const listed = (list: readonly { readonly address?: string | undefined }[] | undefined) =>
    (list ?? []).map(({ address = '' }) => address);
  const wrong = differs(history, {
    id: header('x-mailover-id'),
    handle: read.messageId?.slice(1).split('@')[0],
    from: read.from?.address,
    to: listed(read.to),
    cc: listed(read.cc),
    replyTo: listed(read.replyTo),
    subject: read.subject ?? '',
    text: read.text ?? '',
    html: read.html ?? '',
    order: header('x-order'),
    attachments: read.attachments.map(
      ({ filename, content }) => `${filename} ${sha256(new Uint8Array(content as ArrayBuffer))}`,
    ),
  });
  return wrong && `${wrong} in the MIME`;
}

function differs({ id, mail: { content } }: History, given: Read): string | undefined {
  const wanted = wantedOf(id, content);
  return (Object.keys(wanted) as (keyof Read)[]).find((field) => !same(wanted[field], given[field]));
}

function wantedOf(
  id: string,
  { to, cc, replyTo, subject, text, html = '', order, attachments }: ExpectedContent,
): Read {
  return {
    id,
    handle: sha256(Buffer.from(id)),
    from: 'shop@example.com',
    to,
    cc,
    replyTo: replyTo === undefined ? [] : [replyTo],
    subject,
    text,
    html,
    order,
    attachments: attachments.map((one) => `${one.filename} ${sha256(one.content)}`),
  };
}

/** Whether two values are equal. The kind of line ends and white space at the end are ignored. */
function same(one: string | readonly string[] | undefined, other: string | readonly string[] | undefined): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') return String(one ?? '') === String(other ?? '');
  return one === other || plain(one) === plain(other);
}

function plain(text: string): string {
  return text.replace(/\r\n/g, '\n').trimEnd();
}

function addresses(list: readonly { readonly address: string }[]): readonly string[] {
  return list.map(({ address }) => address);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
