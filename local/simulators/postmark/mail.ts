import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Taking } from '../accepted-log.ts';
import { composedMime } from '../composed-mime.ts';
import type { Header } from '../mail-view.ts';
import { addressesOf } from '../mailbox-list.ts';
import { attachmentView } from '../mime-view.ts';

const text = z.string().nullish();
const mailSchema = z.object({
  From: text,
  To: text,
  Cc: text,
  Bcc: text,
  ReplyTo: text,
  Subject: text,
  TextBody: text,
  HtmlBody: text,
  Tag: text,
  TrackOpens: z.boolean().nullish(),
  TrackLinks: z.enum(['None', 'HtmlAndText', 'HtmlOnly', 'TextOnly']).nullish(),
  MessageStream: text,
  Metadata: z.record(z.string(), z.string()).nullish(),
  Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).nullish(),
  Attachments: z
    .array(z.object({ Name: z.string(), Content: z.base64(), ContentType: z.string(), ContentID: text }))
    .nullish(),
});

/** One posted message, with the request body that contained it. */
export interface PostmarkMail {
  readonly fields: z.infer<typeof mailSchema>;
  readonly recipients: readonly string[];
  readonly raw: Buffer;
}

/** Parses a message; a string is the error that names the invalid field. */
export function readPostmarkMail(item: unknown, raw: Buffer): PostmarkMail | string {
  const result = mailSchema.safeParse(item);
  if (!result.success) return `Invalid request field(s): ${result.error.issues[0]?.path.join('.')}.`;
  const { To, Cc, Bcc } = result.data;
  return { fields: result.data, recipients: [To, Cc, Bcc].flatMap((list) => addressesOf(list ?? [])), raw };
}

/** The message for the log, with a header composed of the fields in Postmark's order. */
export function postmarkTaking(mail: PostmarkMail, id: string, from: string, to: readonly string[]): Taking {
  const { fields, raw } = mail;
  return {
    providerMessageId: id,
    envelope: { from, to },
    raw,
    ...trackingOf(fields),
    mime: () =>
      composedMime({
        headers: headersOf(fields),
        ...defined({ text: fields.TextBody || undefined, html: fields.HtmlBody || undefined }),
        attachments: (fields.Attachments ?? []).map(({ Name, ContentType, Content, ContentID }) => ({
          filename: Name,
          contentType: ContentType,
          content: Buffer.from(Content, 'base64'),
          ...(ContentID && { cid: ContentID.replace(/^cid:/, '') }),
        })),
      }),
    headers: () => headersOf(fields),
    view: () => ({
      ...defined({ text: fields.TextBody || undefined, html: fields.HtmlBody || undefined }),
      attachments: (fields.Attachments ?? []).map(({ Name, ContentType, Content }) =>
        attachmentView(Name, ContentType, Buffer.from(Content, 'base64')),
      ),
    }),
  };
}

/** Tracking that the message sets explicitly. */
function trackingOf({ TrackOpens, TrackLinks }: PostmarkMail['fields']): Pick<Taking, 'tracking'> {
  const told = {
    ...(typeof TrackOpens === 'boolean' && { opens: TrackOpens }),
    ...(TrackLinks && { clicks: TrackLinks !== 'None' }),
  };
  return Object.keys(told).length > 0 ? { tracking: told } : {};
}

/** Subject, addresses and headers of a message, for a fault's `match`. */
export function searchablePostmarkText(item: unknown): string {
  const mail = readPostmarkMail(item, Buffer.alloc(0));
  if (typeof mail === 'string') return '';
  const hidden: Header[] = mail.fields.Bcc ? [['Bcc', mail.fields.Bcc]] : [];
  return [...headersOf(mail.fields), ...hidden].map(([name, value]) => `${name}: ${value}`).join('\n');
}

/** Header of the delivered mail: Postmark sends no Bcc header. */
function headersOf(fields: PostmarkMail['fields']): Header[] {
  const own = [
    ['From', fields.From],
    ['To', fields.To],
    ['Cc', fields.Cc],
    ['Reply-To', fields.ReplyTo],
    ['Subject', fields.Subject],
  ] as const;
  return [
    ...own.flatMap(([name, value]): Header[] => (value ? [[name, value]] : [])),
    ...(fields.Headers ?? []).map(({ Name, Value }): Header => [Name, Value]),
  ];
}
