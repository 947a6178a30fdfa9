import { codecOf } from '../mail/charset.ts';
import { withLineEnds } from '../mail/lines.ts';
import { defined } from '../platform/defined.ts';
import { withoutEntities } from './html-entities.ts';

/** A part of a body as text or HTML. */
export interface Shown {
  readonly isHtml: boolean;
  readonly text: string;
}

/**
 * Returns the complete text and the complete HTML of a mail: parts of the other type are converted. The text is left out if
 * no part is plain text, and the HTML is left out if no part is HTML.
 */
export function joined(
  texts: readonly Shown[],
  htmls: readonly Shown[],
): { readonly text?: string; readonly html?: string } {
  const [plain, rich] = [written(texts), written(htmls)];
  const converted = plain.some(({ isHtml }) => !isHtml) ? plain.map(asText) : [];
  const text = converted.join('\r\n');
  const html = rich.some(({ isHtml }) => isHtml) ? rich.map(asHtml).join('\r\n') : '';
  return defined({ text: withLineEnds(text) || undefined, html: withLineEnds(html) || undefined });
}

function written(parts: readonly Shown[]): readonly Shown[] {
  return parts.filter(({ text }) => /\S/.test(text));
}

function asText({ isHtml, text }: Shown): string {
  return isHtml ? textOfHtml(text) : text;
}

/** Elements whose content is not shown. */
const HIDDEN = /<(head|style|script|title)\b[^<>]{0,500}>[\s\S]{0,100000}?<\/\1\s*>/gi;
/** Attributes of a tag, whose quoted values may contain `>`. */
const ATTRIBUTES = `(?:[^<>"']|"[^"<]{0,500}"|'[^'<]{0,500}'){0,2000}`;
const BREAK = new RegExp(String.raw`<(?:br|/?(?:p|div|tr|li|ul|ol|table|h[1-6]|blockquote))\b${ATTRIBUTES}>`, 'gi');
const CELL = new RegExp(String.raw`<t[dh]\b${ATTRIBUTES}>`, 'gi');
/** Any tag, even with a quote that is not closed. */
const TAG = new RegExp(`<[a-z/!?]${ATTRIBUTES}>|<[a-z/!?][^<>]{0,2000}>`, 'gi');

/**
 * Converts an HTML part, such as a footer, to text; used only for mail that also has plain text. A loss of layout is acceptable,
 * since the message contains the HTML as well. No library is used: the running time must be linear in the length of the HTML,
 * which no library guarantees.
 */
function textOfHtml(html: string): string {
  const hidden = html.length <= MOST_HIDDEN ? html.replace(HIDDEN, ' ') : html;
  const shown = hidden.replace(/\s+/g, ' ').replace(BREAK, '\n').replace(CELL, ' ').replace(TAG, '');
  return withoutEntities(shown)
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

/**
 * Length, in characters, of the longest HTML from which hidden elements are removed. Longer HTML could take too long, since the
 * end tag of each start tag may be searched up to the end of the HTML.
 */
const MOST_HIDDEN = 64 * 1024;

function asHtml({ isHtml, text }: Shown): string {
  if (isHtml) return text;
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<pre style="white-space: pre-wrap">${escaped}</pre>`;
}

/**
 * Number of bytes that are searched for the charset: more than the 1,024 bytes that a browser searches, since HTML mail
 * often begins with style sheets.
 */
const PRESCAN_BYTES = 16 * 1024;
const COMMENT = /<!--(?!\[if)[\s\S]{0,4000}?-->/g;
const DECLARED =
  /<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,60})|<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{1,60})/gi;

/**
 * Returns the charset that an HTML document declares: the first known charset that is declared outside of comments in the first
 * `PRESCAN_BYTES` bytes.
 */
export function declaredCharset(content: Buffer): string | undefined {
  const start = content.toString('latin1', 0, PRESCAN_BYTES).replace(COMMENT, '');
  const declared = Array.from(start.matchAll(DECLARED), ([, meta, xml]) => meta ?? xml);
  return declared.find((charset) => charset !== undefined && codecOf(charset) !== undefined);
}

/**
 * References within an HTML text: attributes with a URL, lists of pictures (`srcset`), and CSS. Only a URL after an equals sign,
 * a parenthesis or `@import` matches. Therefore a `cid:` in the readable text is no reference. Every repetition in the regular
 * expression has an upper limit.
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

/**
 * Returns the references in an HTML text to parts of the mail: the ids in `cid:` URLs (RFC 2392), and other URLs, which may
 * be the Content-Location of a part.
 */
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

/**
 * Returns the ids to which a `cid:` URL may refer: with and without percent escapes, and with and without the slash that
 * ends a tag. Angle brackets are removed.
 */
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
