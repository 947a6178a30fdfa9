import { codecOf } from '../mail/charset.ts';
import { withLineEnds } from '../mail/lines.ts';
import { withoutEntities } from './html-entities.ts';

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
/** Attributes of a tag, with angle brackets in quotes. */
const ATTRIBUTES = `(?:[^<>"']|"[^"<]{0,500}"|'[^'<]{0,500}'){0,2000}`;
const BREAK = new RegExp(String.raw`<(?:br|/?(?:p|div|tr|li|ul|ol|table|h[1-6]|blockquote))\b${ATTRIBUTES}>`, 'gi');
const CELL = new RegExp(String.raw`<t[dh]\b${ATTRIBUTES}>`, 'gi');
/** Also with a quote that is not closed. */
const TAG = new RegExp(`<[a-z/!?]${ATTRIBUTES}>|<[a-z/!?][^<>]{0,2000}>`, 'gi');

/**
 * The text of an HTML part next to plain text, such as a footer. It need not keep the layout, since the message has the
 * HTML as well; its cost must grow with the length only, which no library for this guarantees.
 */
function textOfHtml(html: string): string {
  const hidden = html.length <= MOST_HIDDEN ? html.replace(HIDDEN, ' ') : html;
  const shown = hidden.replace(/\s+/g, ' ').replace(BREAK, '\n').replace(CELL, ' ').replace(TAG, '');
  return withoutEntities(shown)
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

/** Bytes that are searched for the charset; mail has its style sheets first, so more than the 1,024 of a browser. */
const PRESCAN_BYTES = 16 * 1024;
const COMMENT = /<!--(?!\[if)[\s\S]{0,4000}?-->/g;
const DECLARED =
  /<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,60})|<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{1,60})/gi;

/** The charset that an HTML document declares: the first known one outside of comments. */
export function declaredCharset(content: Buffer): string | undefined {
  const start = content.toString('latin1', 0, PRESCAN_BYTES).replace(COMMENT, '');
  const declared = Array.from(start.matchAll(DECLARED), ([, meta, xml]) => meta ?? xml);
  return declared.find((charset) => charset !== undefined && codecOf(charset) !== undefined);
}

/**
 * References within an HTML text: attributes with a URL, lists of pictures, and CSS. A URL stands behind an equals sign, a
 * parenthesis or `@import`, so that text that only mentions a `cid:` is no reference. Every repetition is bounded.
 */
const REFERENCES = new RegExp(
  [
    String.raw`\bsrcset\s{0,9}=\s{0,9}(?:"([^"]{1,4000})"|'([^']{1,4000})')`,
    String.raw`(?:=|@import)\s{0,9}(?:"\s{0,99}cid:([^"]{1,998})"|'\s{0,99}cid:([^']{1,998})'|cid:([^\s"'>]{1,998}))`,
    String.raw`\burl\(\s{0,9}(?:["']|&(?:quot|apos|#39|#34|#x22|#x27);)?\s{0,9}([^\s"'<>)]{1,998})`,
    String.raw`\b(?:src|background|href|poster|data)\s{0,9}=\s{0,9}(?!\s{0,99}["']?\s{0,99}cid:)["']?([^\s"'<>]{1,998})`,
  ].join('|'),
  'gi',
);
const MAX_REFERENCES = 5_000;

/** References to parts in an HTML text: ids of `cid:` (RFC 2392), and addresses as in Content-Location. */
export function referencesOf(html: string): {
  readonly ids: ReadonlySet<string>;
  readonly places: ReadonlySet<string>;
} {
  const ids = new Set<string>();
  const places = new Set<string>();
  const add = (url: string) => {
    const text = withoutEntities(url)
      .replace(/["']+$/, '')
      .trim();
    if (!/^cid:/i.test(text)) places.add(text);
    else for (const id of idsIn(text.slice('cid:'.length))) ids.add(id);
  };
  for (const [, list, otherList, quoted, singleQuoted, bare, css, place] of html.matchAll(REFERENCES)) {
    if (ids.size + places.size >= MAX_REFERENCES) break;
    const id = quoted ?? singleQuoted ?? bare;
    if (id !== undefined) add(`cid:${id}`);
    else for (const url of (list ?? otherList)?.split(/[\s,]+/) ?? [css ?? place ?? '']) add(url);
  }
  return { ids, places };
}

/** Ids that a URL may refer to: with and without percent escapes, brackets, and the slash that ends a tag. */
function idsIn(given: string): readonly string[] {
  const text = given.trim().replace(/^<(.*)>$/, '$1');
  return [text, text.replace(/\/$/, '')].flatMap((id) => [id, unescaped(id)]);
}

function unescaped(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
