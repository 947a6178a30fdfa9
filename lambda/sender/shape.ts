import type { Message } from '../mail/message.ts';

/** Facts about a message that reveal nothing of its content. */
export interface RefusedShape {
  /** Names of its fields, of its own headers and of its metadata. */
  readonly fields: readonly string[];
  readonly headers: readonly string[];
  readonly metadata: readonly string[];
  readonly recipients: number;
  /** Sizes in bytes, by field. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Content type, names of its parameters, and bytes of each attachment; `inline` with a Content-ID. */
  readonly attachments: readonly string[];
}

/** Names, sizes and content types of a message that a provider refused, to compare with what the provider accepts. */
export function refusedShape(message: Message): RefusedShape {
  const { headers, metadata, to, cc, bcc, subject, text = '', html = '', calendar, tag = '' } = message;
  const given = Object.entries(message).filter(([, value]) => !isEmpty(value));
  const texts = {
    subject,
    text,
    html,
    tag,
    headers: headers.flat().join(''),
    metadata: Object.entries(metadata).flat().join(''),
    calendar: calendar?.content ?? '',
  };
  const sizes = Object.entries(texts).map(([name, value]) => [name, Buffer.byteLength(value)] as const);
  return {
    fields: given.map(([name]) => name).sort(),
    headers: [...new Set(headers.map(([name]) => name))].sort(),
    metadata: Object.keys(metadata).sort(),
    recipients: to.length + cc.length + bcc.length,
    sizes: Object.fromEntries(sizes.filter(([, size]) => size > 0)),
    attachments: message.attachments.map(({ contentType, content, contentId }) =>
      [typeOf(contentType), content.length, ...(contentId === undefined ? [] : ['inline'])].join(' '),
    ),
  };
}

/** A content type with the names of its parameters, the values of which may be names of files. */
function typeOf(contentType: string): string {
  const unquoted = contentType.replace(/"[^"]*"/g, '');
  return unquoted
    .split(';')
    .map((part) => part.split('=')[0]?.trim())
    .join('; ');
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  if (value instanceof Date) return false;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
