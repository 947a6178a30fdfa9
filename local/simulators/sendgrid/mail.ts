import { z } from 'zod';
import { defined } from '../../../lambda/platform/defined.ts';
import type { Taking } from '../accepted-log.ts';
import { composedMime } from '../composed-mime.ts';
import type { Header, MailView } from '../mail-view.ts';
import { attachmentView } from '../mime-view.ts';

const address = z.object({ email: z.string(), name: z.string().optional() });
const addresses = z.array(address).max(1000);
const values = z.record(z.string(), z.string());
const setting = z.object({ enable: z.boolean() });

/** The fields of a request that the simulator reads. It ignores all other fields, as SendGrid does. */
const mailSchema = z.object({
  personalizations: z
    .array(
      z.object({
        to: addresses.default([]),
        cc: addresses.default([]),
        bcc: addresses.default([]),
        subject: z.string().optional(),
        headers: values.default({}),
        custom_args: values.default({}),
      }),
    )
    .default([]),
  from: address.optional(),
  reply_to: address.optional(),
  reply_to_list: addresses.optional(),
  subject: z.string().optional(),
  content: z.array(z.object({ type: z.string(), value: z.string() })).optional(),
  attachments: z
    .array(
      z.object({
        content: z.string(),
        type: z.string().optional(),
        filename: z.string(),
        disposition: z.enum(['inline', 'attachment']).default('attachment'),
        content_id: z.string().optional(),
      }),
    )
    .default([]),
  headers: values.default({}),
  categories: z.array(z.string()).default([]),
  custom_args: values.default({}),
  mail_settings: z.object({ sandbox_mode: setting.optional() }).default({}),
  tracking_settings: z.object({ open_tracking: setting.optional(), click_tracking: setting.optional() }).default({}),
});

/** The JSON body of a request `POST /v3/mail/send`. */
export type OfferedMail = z.infer<typeof mailSchema>;
export type Personalization = OfferedMail['personalizations'][number];

/** One error in the form in which SendGrid returns it. */
export interface SendgridError {
  readonly message: string;
  readonly field: string | null;
  readonly help: string | null;
}

/** Parses a request. If fields have a wrong type, returns a list of errors; each error contains the path of a field. */
export function readSendgridMail(parsed: unknown): OfferedMail | readonly SendgridError[] {
  const result = mailSchema.safeParse(parsed);
  if (result.success) return result.data;
  return result.error.issues.map(({ path, message }) => ({
    message: `Invalid type. ${message}`,
    field: path.join('.') || null,
    help: null,
  }));
}

/**
 * Converts the mail of one personalization to the form in which it is added to the log of accepted mail. Returns undefined if
 * SendGrid drops the mail for all recipients of the personalization.
 */
export function sendgridTaking(mail: OfferedMail, copy: Personalization, id: string, raw: Buffer): Taking | undefined {
  const to = recipientsOf(copy);
  if (to.length === 0) return undefined;
  const headers = headersOf(mail, copy);
  const files = mail.attachments.map((one) => ({ ...one, bytes: Buffer.from(one.content, 'base64') }));
  const { open_tracking: opens, click_tracking: clicks } = mail.tracking_settings;
  const body = (type: string) => mail.content?.find((one) => one.type === type)?.value;
  const [text, html] = [body('text/plain'), body('text/html')];
  const view: MailView = {
    ...defined({ text, html }),
    attachments: files.map(({ filename, type = OCTETS, bytes }) => attachmentView(filename, type, bytes)),
  };
  return {
    providerMessageId: id,
    envelope: { from: mail.from?.email ?? '', to },
    ...defined({
      tracking: opens || clicks ? defined({ opens: opens?.enable, clicks: clicks?.enable }) : undefined,
    }),
    raw,
    mime: () =>
      composedMime({
        headers,
        text,
        html,
        alternatives: (mail.content ?? [])
          .filter(({ type }) => type !== 'text/plain' && type !== 'text/html')
          .map(({ type, value }) => ({ contentType: type, content: value })),
        attachments: files.map(({ filename, type = OCTETS, bytes, content_id: cid }) => ({
          filename,
          contentType: type,
          content: bytes,
          cid,
        })),
      }),
    headers: () => headers,
    view: () => view,
  };
}

/** Returns the recipients of a personalization, without those for which SendGrid drops the mail without an error. */
export function recipientsOf(copy: Personalization): string[] {
  return [...copy.to, ...copy.cc, ...copy.bcc].filter((one) => !isDropped(one)).map(({ email }) => email);
}

const OCTETS = 'application/octet-stream';

/** Returns the subject, addresses and headers of a request as the text in which the `match` of a fault is searched. */
export function searchableSendgridText(parsed: unknown): string {
  const mail = readSendgridMail(parsed);
  if (!('personalizations' in mail)) return '';
  return mail.personalizations
    .flatMap((copy) => [...headersOf(mail, copy), ...copy.bcc.map(({ email }): Header => ['Bcc', email])])
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

/**
 * Whether SendGrid accepts a recipient but drops the mail to this recipient. This happens if the recipient's name has an unquoted
 * comma or semicolon, or if the address has non-ASCII characters before the @ (sendgrid/sendgrid-python#291 and
 * sendgrid-csharp#656, 2026-11-28).
 */
function isDropped({ email, name = '' }: z.infer<typeof address>): boolean {
  const local = email.slice(0, email.lastIndexOf('@'));
  return !/^[\x21-\x7e]*$/.test(local) || (/[,;]/.test(name) && !/^".*"$/.test(name));
}

/**
 * Returns the header of the delivered mail. The mail of each personalization contains only the To and Cc of this personalization,
 * and no Bcc.
 */
function headersOf(mail: OfferedMail, copy: Personalization): Header[] {
  const replyTo = mail.reply_to_list ?? (mail.reply_to ? [mail.reply_to] : []);
  const own = [
    ['From', mail.from ? [mail.from] : []],
    ['To', copy.to],
    ['Cc', copy.cc],
    ['Reply-To', replyTo],
  ] as const;
  return [
    ...own.flatMap(([name, list]): Header[] => (list.length > 0 ? [[name, list.map(formatted).join(', ')]] : [])),
    ['Subject', copy.subject ?? mail.subject ?? ''],
    ...Object.entries({ ...mail.headers, ...copy.headers }),
  ];
}

function formatted({ email, name }: z.infer<typeof address>): string {
  if (!name) return email;
  return /^".*"$/.test(name) ? `${name} <${email}>` : `"${name.replace(/["\\]/g, '\\$&')}" <${email}>`;
}
