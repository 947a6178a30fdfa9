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

/** One message in a request, with the body of this request. */
export interface PostmarkMail {
  readonly fields: z.infer<typeof mailSchema>;
  readonly recipients: readonly string[];
  readonly raw: Buffer;
}

/** Parses a message. If a field is invalid, returns an error text with the name of this field. */
export function readPostmarkMail(item: unknown, raw: Buffer): PostmarkMail | string {
  const result = mailSchema.safeParse(item);
  if (!result.success) return `Invalid request field(s): ${result.error.issues[0]?.path.join('.')}.`;
  const { To, Cc, Bcc } = result.data;
  return { fields: result.data, recipients: [To, Cc, Bcc].flatMap((list) => addressesOf(list ?? [])), raw };
}

/**
 * Converts an accepted message to the form in which it is added to the log of accepted mail. The header of the mail is composed
 * from the fields of the request, in the order that Postmark uses.
 */
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
          ...defined({ cid: ContentID ? ContentID.replace(/^cid:/, '') : undefined }),
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

/** Returns the settings for open and click tracking that the message contains. */
function trackingOf({ TrackOpens, TrackLinks }: PostmarkMail['fields']): Pick<Taking, 'tracking'> {
  const explicit = defined({
    opens: typeof TrackOpens === 'boolean' ? TrackOpens : undefined,
    clicks: TrackLinks ? TrackLinks !== 'None' : undefined,
  });
  return Object.keys(explicit).length > 0 ? { tracking: explicit } : {};
}

/** Returns the subject, addresses and headers of a message as the text in which the `match` of a fault is searched. */
export function searchablePostmarkText(item: unknown): string {
  const mail = readPostmarkMail(item, Buffer.alloc(0));
  if (typeof mail === 'string') return '';
  const hidden: Header[] = mail.fields.Bcc ? [['Bcc', mail.fields.Bcc]] : [];
  return [...headersOf(mail.fields), ...hidden].map(([name, value]) => `${name}: ${value}`).join('\n');
}

/** Returns the header of the delivered mail. It has no Bcc, since Postmark removes Bcc. */
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
