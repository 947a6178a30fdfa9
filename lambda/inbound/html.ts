import { withLineEnds } from '../mail/lines.ts';

/** A part of a body as text or HTML. */
export interface Shown {
  readonly isHtml: boolean;
  readonly text: string;
}

/**
 * The complete text and the complete HTML of a mail: parts of the other type are converted. A form is left out if no part
 * has its type.
 */
export function joined(
  texts: readonly Shown[],
  htmls: readonly Shown[],
): { readonly text?: string; readonly html?: string } {
  const [plain, rich] = [written(texts), written(htmls)];
  const converted = plain.some(({ isHtml }) => !isHtml) ? plain.map(asText) : [];
  const text = converted.join('\r\n');
  const html = rich.some(({ isHtml }) => isHtml) ? rich.map(asHtml).join('\r\n') : '';
  return { ...(text && { text: withLineEnds(text) }), ...(html && { html: withLineEnds(html) }) };
}

function written(parts: readonly Shown[]): readonly Shown[] {
  return parts.filter(({ text }) => /\S/.test(text));
}

function asText({ isHtml, text }: Shown): string {
  return isHtml ? textOfHtml(text) : text;
}

/** Blocks that are not shown, and tags that begin a line. */
const HIDDEN = /<(head|style|script|title)\b[^<>]{0,500}>[\s\S]{0,100000}?<\/\1\s*>/gi;
const BREAK = /<(?:br|\/?(?:p|div|tr|li|ul|ol|table|h[1-6]|blockquote))\b[^<>]{0,2000}>/gi;
const TAG = /<[^<>]{0,2000}>/g;
const ENTITY = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/**
 * The text of an HTML part next to plain text, such as a footer. It need not keep the layout, since the message has the
 * HTML as well; its cost must grow with the length only, which no library for this guarantees.
 */
function textOfHtml(html: string): string {
  const hidden = html.length <= MOST_HIDDEN ? html.replace(HIDDEN, ' ') : html;
  return hidden
    .replace(/\s+/g, ' ')
    .replace(BREAK, '\n')
    .replace(TAG, '')
    .replace(ENTITY, (_whole, decimal?: string, hex?: string, name = '') => {
      const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
      if (code === undefined) return NAMED[name.toLowerCase()] ?? '';
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    })
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

/** Longest HTML in which hidden blocks are removed: the search for an end that is missing repeats at each start. */
const MOST_HIDDEN = 64 * 1024;

function asHtml({ isHtml, text }: Shown): string {
  if (isHtml) return text;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<pre style="white-space: pre-wrap">${escaped}</pre>`;
}

/** Bytes that a browser searches for the charset (HTML standard, 13.2.3.2). */
const PRESCAN_BYTES = 1_024;
const DECLARED =
  /<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,60})|<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{1,60})/i;

/** The charset that an HTML document declares. */
export function declaredCharset(content: Buffer): string | undefined {
  const [, meta, xml] = DECLARED.exec(content.toString('latin1', 0, PRESCAN_BYTES)) ?? [];
  return meta ?? xml;
}

const REFERENCES =
  /(?:["']cid:<?([^"'<>]{1,998})>?["'])|(?:\bcid:([^\s"'<>)\\]{1,998}))|(?:\b(?:src|background|href)\s*=\s*(?!["']?cid:)["']?([^\s"'<>]{1,998}))/gi;
const MAX_REFERENCES = 5_000;

/** References to parts in an HTML text: ids of `cid:` (RFC 2392), and addresses as in Content-Location. */
export function referencesOf(html: string): {
  readonly ids: ReadonlySet<string>;
  readonly places: ReadonlySet<string>;
} {
  const ids = new Set<string>();
  const places = new Set<string>();
  for (const [, quoted, id, place] of html.matchAll(REFERENCES)) {
    if (ids.size + places.size >= MAX_REFERENCES) break;
    const named = quoted ?? id;
    if (named !== undefined) ids.add(plainId(named));
    else if (place !== undefined) places.add(place.replaceAll('&amp;', '&'));
  }
  return { ids, places };
}

/** An id from a URL, without percent escapes. */
function plainId(id: string): string {
  const text = id.replaceAll('&amp;', '&').trim();
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
