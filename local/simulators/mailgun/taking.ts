import { randomBytes } from 'node:crypto';
import { defined } from '../../../lambda/platform/defined.ts';
import { type Taking, takingOf } from '../accepted-log.ts';
import { composedMime, type GivenParts } from '../composed-mime.ts';
import type { Header } from '../mail-view.ts';
import { attachmentView, headersOf, headerValues } from '../mime-view.ts';

const NAMED: Readonly<Record<string, string>> = { from: 'From', to: 'To', cc: 'Cc', bcc: 'Bcc', subject: 'Subject' };

/**
 * Converts a mail that was sent as MIME to the form in which it is added to the log of accepted mail. Mailgun keeps the
 * Message-ID of such a mail.
 */
export function mimeTaking(mime: Buffer, envelope: Taking['envelope'], domain: string): Taking {
  const headers = headersOf(mime);
  return takingOf(headerValues(headers, 'Message-ID')[0] ?? newId(domain), envelope, mime, () => headers);
}

/**
 * Converts a mail that was sent as form fields to the form in which it is added to the log of accepted mail. The header of the
 * mail is composed from these fields.
 */
export async function formTaking(
  form: FormData,
  raw: Buffer,
  envelope: Taking['envelope'],
  domain: string,
): Promise<Taking> {
  const headers: Header[] = [];
  for (const [name, value] of form) {
    if (typeof value !== 'string') continue;
    if (NAMED[name]) headers.push([NAMED[name], value]);
    else if (name.startsWith('h:')) headers.push([name.slice(2), value]);
  }
  const attachments = [];
  const files: GivenParts['attachments'][number][] = [];
  for (const part of [...form.getAll('attachment'), ...form.getAll('inline')]) {
    if (typeof part === 'string') continue;
    const contentType = part.type || 'application/octet-stream';
    const content = Buffer.from(await part.arrayBuffer());
    files.push({ filename: part.name, contentType, content });
    attachments.push(attachmentView(part.name, contentType, content));
  }
  const text = form.get('text');
  const html = form.get('html');
  const view = {
    ...defined({
      text: typeof text === 'string' ? text : undefined,
      html: typeof html === 'string' ? html : undefined,
    }),
    attachments,
  };
  const id = headerValues(headers, 'Message-Id')[0] ?? newId(domain);
  const mime = () => composedMime({ headers, text: view.text, html: view.html, attachments: files });
  return { providerMessageId: id, envelope, raw, mime, headers: () => headers, view: () => view };
}

function newId(domain: string): string {
  return `<${Date.now()}.${randomBytes(8).toString('hex')}@${domain}>`;
}
