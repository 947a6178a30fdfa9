import { defined } from '../../../lambda/platform/defined.ts';
import type { WireBody } from '../inbound/form.ts';
import {
  headerOf,
  mailboxesOf,
  type ReceivedMail,
  type ReceivedMailbox,
  strippedReply,
} from '../inbound/received-mail.ts';
import type { Header } from '../mail-view.ts';

/** Headers that Postmark posts as separate fields, and not in the field `Headers`. */
const AS_FIELDS = new Set(['from', 'to', 'cc', 'bcc', 'reply-to', 'subject', 'date', 'content-type']);

/**
 * Returns the JSON object that Postmark posts for a received mail. Sources: the types of postmark.js 5.1.0 and
 * postmarkapp.com/developer/webhooks/inbound-webhook, collected 2026-11-23.
 */
export function postmarkMessage(mail: ReceivedMail, messageId: string, withRaw: boolean): Record<string, unknown> {
  const [from = { name: '', address: '' }] = mailboxesOf(mail, 'From');
  const lists = Object.fromEntries(
    (['To', 'Cc', 'Bcc'] as const).flatMap((name) => [
      [name, headerOf(mail, name)],
      [`${name}Full`, mailboxesOf(mail, name).map(full)],
    ]),
  );
  return {
    FromName: from.name,
    MessageStream: 'inbound',
    From: from.address,
    FromFull: full(from),
    ...lists,
    OriginalRecipient: mail.to,
    Subject: headerOf(mail, 'Subject'),
    MessageID: messageId,
    ReplyTo: headerOf(mail, 'Reply-To'),
    MailboxHash: plusPart(mail.to),
    Date: headerOf(mail, 'Date'),
    TextBody: mail.text ?? '',
    HtmlBody: mail.html ?? '',
    StrippedTextReply: strippedReply(mail.text ?? '').reply,
    ...defined({ RawEmail: withRaw ? mail.raw.toString('utf8') : undefined }),
    Tag: '',
    Headers: [...added(mail), ...mail.headers.filter(([name]) => !AS_FIELDS.has(name.toLowerCase()))].map(
      ([Name, Value]) => ({ Name, Value }),
    ),
    Attachments: mail.attachments.map(({ filename, contentType, contentId, content }) => ({
      Name: filename ?? '',
      Content: content.toString('base64'),
      ContentType: contentType,
      ContentLength: content.length,
      ...defined({ ContentID: contentId }),
    })),
  };
}

/** Returns the JSON object of `postmarkMessage` as a request body. */
export function postmarkBody(mail: ReceivedMail, messageId: string, withRaw: boolean): WireBody {
  return {
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(postmarkMessage(mail, messageId, withRaw))),
  };
}

/** Returns the headers that Postmark's SMTP server adds before all other headers, unless the mail already has them. */
function added(mail: ReceivedMail): Header[] {
  const from = mail.from ?? '';
  const spf = `Pass (sender SPF authorized) identity=mailfrom; client-ip=192.0.2.1; helo=mail.example.com; envelope-from=${from}; receiver=${mail.to}`;
  return (
    [
      ['Return-Path', `<${from}>`],
      ['Received-SPF', spf],
    ] as const
  ).filter(([name]) => headerOf(mail, name) === '');
}

function full({ name, address }: ReceivedMailbox): { Email: string; Name: string; MailboxHash: string } {
  return { Email: address, Name: name, MailboxHash: plusPart(address) };
}

function plusPart(address: string): string {
  return /^[^@+]*\+([^@]*)@/.exec(address)?.[1] ?? '';
}
