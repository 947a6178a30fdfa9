import type { Message } from '../mail/message.ts';

/** Facts about a message that do not reveal its content. */
export interface RefusedShape {
  /**
   * Names of the message's fields that are not empty. `headers`: names of the additional headers. `metadata`: names of the
   * metadata.
   */
  readonly fields: readonly string[];
  readonly headers: readonly string[];
  readonly metadata: readonly string[];
  readonly recipients: number;
  /** Sizes in bytes of the fields that contain text, by the name of the field. */
  readonly sizes: Readonly<Record<string, number>>;
  /**
   * For each attachment: the content type, the names of the parameters of the content type, and the size in bytes; also `inline` if the
   * attachment has a Content-ID.
   */
  readonly attachments: readonly string[];
}

/**
 * Returns names, sizes and content types of a message that a provider refused. An engineer can compare these facts with the
 * documentation of the provider, to find the cause of the refusal.
 */
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

/** Returns a content type with the names of its parameters, but without the values of the parameters, which may be file names. */
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
