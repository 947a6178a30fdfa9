import { headerTokens } from '../../mail/header-line.ts';
import type { Mailbox, Message, MessageAttachment, Tracking } from '../../mail/message.ts';
import { defined } from '../../platform/defined.ts';
import { REFERENCE_NAMES, referenceOf } from '../reference.ts';

interface Address {
  readonly email: string;
  readonly name?: string;
}

/** One copy of a mail. The headers of the copy contain the addresses in `to` and `cc`. */
interface Personalization {
  readonly to: readonly Address[];
  readonly cc?: readonly Address[];
  readonly bcc?: readonly Address[];
}

/** The JSON of `POST /v3/mail/send`. Templates and substitutions are never used. */
export interface SendgridMail {
  readonly personalizations: readonly Personalization[];
  readonly from: Address;
  readonly reply_to_list?: readonly Address[];
  readonly subject: string;
  readonly content: readonly { readonly type: string; readonly value: string }[];
  readonly attachments?: readonly {
    readonly content: string;
    readonly type: string;
    readonly filename: string;
    readonly disposition: 'inline' | 'attachment';
    readonly content_id?: string;
  }[];
  readonly headers: Readonly<Record<string, string>>;
  readonly categories?: readonly string[];
  readonly mail_settings?: { readonly sandbox_mode: { readonly enable: true } };
  readonly custom_args: Readonly<Record<string, string>>;
  readonly tracking_settings: {
    readonly open_tracking: { readonly enable: boolean };
    readonly click_tracking: { readonly enable: boolean; readonly enable_text: boolean };
    readonly subscription_tracking: { readonly enable: false };
    readonly ganalytics: { readonly enable: false };
  };
}

/** Returns the JSON of a message, addressed to `recipients` only. */
export function mailOf(
  message: Message,
  recipients: readonly string[],
  { opens, clicks }: Tracking,
  number: number,
): SendgridMail {
  const { text, html, calendar, attachments, replyTo, tag } = message;
  const category = tag !== undefined && CATEGORY.test(tag) ? tag : undefined;
  return {
    personalizations: personalizationsOf(message, recipients),
    from: sendgridAddress(message.from),
    ...defined({ reply_to_list: replyTo.length > 0 ? replyTo.map(sendgridAddress) : undefined }),
    // A subject must have at least one character (mail-send/errors, 2026-11-28).
    subject: message.subject || ' ',
    // SendGrid requires this order of the parts, and refuses an empty part (mail-send/errors, 2026-11-28).
    content: [
      ...(text === undefined ? [] : [{ type: 'text/plain', value: text }]),
      ...(html === undefined ? [] : [{ type: 'text/html', value: html }]),
      // `method` is the only parameter that SendGrid accepts here (sendgrid/sendgrid-ruby#298 and sendgrid-nodejs#217,
      // 2026-11-28).
      ...(calendar ? [{ type: `text/calendar; method=${calendar.method}`, value: calendar.content }] : []),
    ],
    ...defined({ attachments: attachments.length > 0 ? attachments.map(attachmentOf) : undefined }),
    headers: Object.fromEntries([
      ...message.headers.map(([name, value]) => [name, headerTokens(name, value).join(' ')]),
      // Message-ID is not a reserved header, so it may be set (mail-send, 2026-11-28). Without this header, SendGrid writes its
      // own Message-ID.
      ['Message-ID', message.messageId],
    ]),
    ...defined({ categories: category === undefined ? undefined : [category] }),
    custom_args: argumentsOf(message, number).args,
    // All tracking settings are set explicitly, so that the defaults of the account have no effect.
    tracking_settings: {
      open_tracking: { enable: opens },
      click_tracking: { enable: clicks, enable_text: clicks },
      subscription_tracking: { enable: false },
      ganalytics: { enable: false },
    },
  };
}

/**
 * Returns one personalization with the addresses of To, Cc and Bcc that are in `recipients`. SendGrid requires an address in the
 * To of each personalization. If To would be empty, the first Cc address is used as To. If only Bcc addresses remain, each
 * address gets its own personalization, so that no recipient sees the address of another recipient.
 */
function personalizationsOf(message: Message, recipients: readonly string[]): readonly Personalization[] {
  const wanted = new Set(recipients);
  const left = (list: readonly Mailbox[]) => list.filter(({ address }) => wanted.has(address)).map(recipientOf);
  const [to, cc, bcc] = [left(message.to), left(message.cc), left(message.bcc)];
  const shown = to.length > 0 ? to : cc.splice(0, 1);
  if (shown.length === 0) return bcc.map((one) => ({ to: [one] }));
  return [{ to: shown, ...(cc.length > 0 && { cc }), ...(bcc.length > 0 && { bcc }) }];
}

function sendgridAddress({ name, address }: Mailbox): Address {
  return { email: address, ...defined({ name: name || undefined }) };
}

/**
 * Returns an address for `to`, `cc` or `bcc`. A name with a comma, semicolon or quote is put into quotes. SendGrid itself adds no
 * quotes in the header, and drops a mail with an unquoted comma or semicolon (sendgrid/sendgrid-python#291, merged as #618,
 * 2026-11-28).
 */
function recipientOf(mailbox: Mailbox): Address {
  const { name } = mailbox;
  if (!name || !/[,;"]/.test(name)) return sendgridAddress(mailbox);
  return { email: mailbox.address, name: `"${name.replace(/["\\]/g, '\\$&')}"` };
}

/**
 * Returns the JSON of an attachment. The parameters of its media type are removed, since SendGrid does not allow `;` in it
 * (mail-send/errors, 2026-11-28).
 */
function attachmentOf({ filename, contentType, content, contentId }: MessageAttachment) {
  return {
    content: content.toString('base64'),
    type: contentType.split(';')[0]?.trim() || 'application/octet-stream',
    filename,
    disposition: contentId === undefined ? ('attachment' as const) : ('inline' as const),
    ...defined({ content_id: contentId }),
  };
}

/** Pattern of a category that SendGrid allows: at most 255 ASCII characters (mail-send/errors, 2026-11-28). */
const CATEGORY = /^[\x20-\x7e]{1,255}$/;
/**
 * Largest size of all custom arguments together, in bytes of their JSON: less than 10,000 (mail-send/limitations, 2026-11-28).
 */
const MAX_ARGUMENTS = 9_999;

/**
 * Returns the custom arguments of a mail: the reference, and the metadata that fits into the limit. SendGrid's events repeat
 * these arguments. `dropped` is the number of values that were left out, including a tag that is no valid category.
 */
export function argumentsOf(
  message: Pick<Message, 'id' | 'handle' | 'class' | 'metadata' | 'tag'>,
  number: number,
): { readonly args: Readonly<Record<string, string>>; readonly dropped: number } {
  const { metadata, tag } = message;
  const args: Record<string, string> = Object.fromEntries(referenceOf(message, number));
  let dropped = tag !== undefined && !CATEGORY.test(tag) ? 1 : 0;
  let size = sizeOf(args);
  for (const [name, value] of Object.entries(metadata)) {
    const more = sizeOf({ [name]: value });
    if (REFERENCE_NAMES.has(name) || size + more > MAX_ARGUMENTS) dropped += 1;
    else {
      args[name] = value;
      size += more;
    }
  }
  return { args, dropped };
}

function sizeOf(args: Readonly<Record<string, string>>): number {
  return Buffer.byteLength(JSON.stringify(args));
}
