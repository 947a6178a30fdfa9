import type { Message } from '../mail/message.ts';

/** Facts about a message that reveal nothing of its content. */
export interface RefusedShape {
  /** Names of its fields, and of its own headers. */
  readonly fields: readonly string[];
  readonly headers: readonly string[];
  readonly recipients: number;
  /** In bytes, by field. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Content type and bytes of each attachment. */
  readonly attachments: readonly string[];
}

/** Names, sizes and content types of a message that a provider refused, to compare with what the provider accepts. */
export function refusedShape(message: Message): RefusedShape {
  const given = Object.entries(message).filter(([, value]) => !isEmpty(value));
  const texts = given.flatMap(([name, value]) =>
    typeof value === 'string' && SIZED.has(name) ? [[name, Buffer.byteLength(value)] as const] : [],
  );
  return {
    fields: given.map(([name]) => name).sort(),
    headers: [...new Set(message.headers.map(([name]) => name))].sort(),
    recipients: message.to.length + message.cc.length + message.bcc.length,
    sizes: Object.fromEntries(texts),
    attachments: message.attachments.map(({ contentType, content }) => `${contentType} ${content.length}`),
  };
}

const SIZED: ReadonlySet<string> = new Set(['subject', 'text', 'html']);

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  if (value instanceof Date) return false;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
