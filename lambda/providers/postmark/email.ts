import { Models } from 'postmark';
import { formatMailbox } from '../../mail/address.ts';
import { headerTokens } from '../../mail/header-line.ts';
import type { Mailbox, Message, Tracking } from '../../mail/message.ts';
import { defined } from '../../platform/defined.ts';
import { REFERENCE_NAMES, referenceOf } from '../reference.ts';

/** The JSON of `POST /email`. */
interface PostmarkEmail {
  From: string;
  To: string;
  Cc?: string;
  Bcc?: string;
  ReplyTo?: string;
  Subject: string;
  TextBody?: string;
  HtmlBody?: string;
  Headers: { Name: string; Value: string }[];
  Attachments?: { Name: string; Content: string; ContentType: string; ContentID: string | null }[];
  Tag?: string;
  Metadata: Record<string, string>;
  MessageStream: string;
  TrackOpens: boolean;
  TrackLinks: Models.LinkTrackingOptions;
}

/**
 * Returns the JSON of a message, addressed to `recipients` only. Returns undefined if `recipients` contains several Bcc
 * recipients, but no To or Cc recipient: Postmark cannot send such a mail in one call.
 */
export function emailOf(
  message: Message,
  recipients: readonly string[],
  messageStream: string,
  { opens, clicks }: Tracking,
  number: number,
): PostmarkEmail | undefined {
  const wanted = new Set(recipients);
  const left = (list: readonly Mailbox[]) => list.filter(({ address }) => wanted.has(address));
  let [to, cc, bcc] = [left(message.to), left(message.cc), left(message.bcc)];
  // Postmark requires an address in To. If To is empty, the first Cc address is moved to To. If Cc is empty too, a single Bcc
  // address is moved to To.
  if (to.length === 0 && cc.length > 0) [to, cc] = [cc.slice(0, 1), cc.slice(1)];
  else if (to.length === 0 && bcc.length === 1) [to, bcc] = [bcc, []];
  if (to.length === 0) return undefined;
  const list = (mailboxes: readonly Mailbox[]) => mailboxes.map(formatMailbox).join(', ');
  return {
    From: formatMailbox(message.from),
    To: list(to),
    ...defined({
      Cc: list(cc) || undefined,
      Bcc: list(bcc) || undefined,
      ReplyTo: list(message.replyTo) || undefined,
    }),
    Subject: message.subject,
    ...defined({ TextBody: message.text, HtmlBody: message.html }),
    Headers: [
      ...message.headers.map(([Name, value]) => ({ Name, Value: headerTokens(Name, value).join(' ') })),
      { Name: 'Message-ID', Value: message.messageId },
      // Unless this header is set, Postmark replaces our Message-ID with its own.
      { Name: 'X-PM-KeepID', Value: 'true' },
    ],
    ...(message.attachments.length > 0 && {
      Attachments: message.attachments.map(({ filename, content, contentType, contentId }) => ({
        Name: filename,
        Content: content.toString('base64'),
        ContentType: contentType,
        ContentID: contentId === undefined ? null : `cid:${contentId}`,
      })),
    }),
    ...defined({ Tag: message.tag?.slice(0, MAX_TAG) }),
    Metadata: metadataOf(message, number).metadata,
    MessageStream: messageStream,
    // If "Track opens" is on in the settings of the Postmark server, `false` has no effect (postmarkapp.com,
    // tracking-opens-per-email, 2026-11-28).
    TrackOpens: opens,
    TrackLinks: clicks ? Models.LinkTrackingOptions.HtmlAndText : Models.LinkTrackingOptions.None,
  };
}

const MAX_TAG = 1000;

/**
 * Returns the reference, and the metadata of the message that fits into Postmark's limits (support article 1125, 2026-11-23): at
 * most 10 entries, keys of at most 20 characters and values of at most 80 characters. `dropped` is the number of entries that
 * were left out.
 */
export function metadataOf(
  message: Pick<Message, 'id' | 'handle' | 'class' | 'metadata'>,
  number: number,
): { readonly metadata: Record<string, string>; readonly dropped: number } {
  const own = referenceOf(message, number, { most: 80 });
  const given = Object.entries(message.metadata);
  const fitting = given
    .filter(([key, value]) => !REFERENCE_NAMES.has(key) && key.length <= 20 && value.length <= 80)
    .slice(0, 10 - own.length);
  return {
    metadata: Object.fromEntries([...own, ...fitting]),
    dropped: given.length - fitting.length,
  };
}
