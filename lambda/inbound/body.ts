import { hasControls } from '../mail/lines.ts';
import type { MailPart } from '../mail/mime-parts.ts';
import { structured } from '../mail/structured.ts';

/** A MIME part that contains no other parts, with the properties that decide whether it is a body or a file. */
export interface Leaf {
  readonly part: MailPart;
  /** Media type. An invalid media type is replaced by `text/plain`, or by `application/octet-stream` if the part has a file name. */
  readonly type: string;
  readonly disposition: string;
  readonly named: boolean;
  /**
   * Whether this is a multipart that contains no part. Its content is shown as text. A mail with such a multipart is flagged as
   * `unparsable` if it is otherwise complete.
   */
  readonly lost?: boolean;
}

/** The parts of which the text and the HTML of a mail consist, and the parts that are its files. */
export interface Bodies {
  readonly text: readonly Leaf[];
  readonly html: readonly Leaf[];
  readonly files: readonly Leaf[];
}

/**
 * Chooses the bodies of a mail by RFC 8621, section 4.1.4: outside of `multipart/alternative`, each part of the type text/plain
 * or text/html belongs both to the text and to the HTML of the mail. Therefore the text and the HTML are each complete.
 *
 * Two rules differ from the RFC: a text part with a file name is a file if it follows another text part, and pictures are
 * always files.
 */
export function bodiesOf(root: MailPart, leafOf: (part: MailPart, parent?: MailPart) => Leaf): Bodies {
  const text: Leaf[] = [];
  const html: Leaf[] = [];
  const files: Leaf[] = [];
  visit([root], undefined, false, text, html);
  if (text.length === 0 && html.length === 0) showOnlyText(text, files);
  return { text, html, files };

  function visit(
    parts: readonly MailPart[],
    parent: MailPart | undefined,
    inAlternative: boolean,
    texts: Leaf[] | undefined,
    htmls: Leaf[] | undefined,
  ): void {
    const within = parent?.multipart || 'mixed';
    const first = rootOf(parts, parent);
    const [textsBefore, htmlsBefore] = [texts?.length ?? 0, htmls?.length ?? 0];
    let [ownTexts, ownHtmls] = [texts, htmls];
    let chosen = false;
    for (const [place, part] of parts.entries()) {
      if (part.multipart !== false && part.children.length > 0) {
        const alternative = inAlternative || part.multipart === 'alternative';
        visit(part.children, part, alternative, ownTexts, ownHtmls);
        continue;
      }
      const leaf = leafOf(part, parent);
      const { type } = leaf;
      if (!isBody(leaf, within, place === first)) files.push(leaf);
      else if (within === 'alternative') (type === 'text/html' ? htmls : texts)?.push(leaf);
      else {
        // Within one part of a `multipart/alternative`, the type of the first text decides whether all texts of this part
        // belong to the text or to the HTML of the mail.
        if (inAlternative && !chosen && texts && htmls) {
          if (type === 'text/html') ownTexts = undefined;
          else ownHtmls = undefined;
        }
        chosen = true;
        ownTexts?.push(leaf);
        ownHtmls?.push(leaf);
      }
    }
    if (within !== 'alternative' || !texts || !htmls) return;
    // If a `multipart/alternative` has only text, or only HTML, its parts are used for both the text and the HTML of the
    // mail.
    if (texts.length === textsBefore) texts.push(...htmls.slice(htmlsBefore));
    else if (htmls.length === htmlsBefore) htmls.push(...texts.slice(textsBefore));
  }

  function isBody({ type, disposition, named }: Leaf, within: string, first: boolean): boolean {
    if (disposition === 'attachment' || (type !== 'text/plain' && type !== 'text/html')) return false;
    if (within === 'alternative') return true;
    if (within === 'related') return first;
    return !named || (text.length === 0 && html.length === 0);
  }
}

/**
 * Returns the index of the root part of a `multipart/related`: the part that the parameter `start` names (RFC 2387, section
 * 3.2), or else the first part that may be the root.
 */
function rootOf(parts: readonly MailPart[], parent: MailPart | undefined): number {
  const headerOf = (part: MailPart, name: string) =>
    part.headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? '';
  const { start } = parent?.multipart === 'related' ? structured(headerOf(parent, 'content-type')).params : {};
  const named = start ? parts.findIndex((part) => headerOf(part, 'content-id').trim() === start.trim()) : -1;
  return named === -1 ? parts.findIndex(isTextOrMultipart) : named;
}

/** Whether a part may be the root of a `multipart/related`. Such a multipart also contains pictures and other files, which cannot be the root. */
function isTextOrMultipart({ type, multipart }: MailPart): boolean {
  return multipart !== false || !/^(image|audio|video|application)\//.test(type);
}

/** Media types of text that mail readers treat as files. */
const FILE_TYPES = new Set(['text/calendar', 'text/vcard', 'text/x-vcard', 'text/directory', 'text/rfc822-headers']);

/**
 * Known top-level media types (RFC 2045, section 5.1, and later additions). No program opens a file of an unknown top-level type,
 * so a part of such a type may be text.
 */
const KNOWN = /^(text|image|audio|video|application|message|multipart|model|font|chemical)\//;
/** Media types that some mail clients write for plain text. */
const MEANT_AS_TEXT = /^application\/(x-)?(text|plain|txt)$/;

/** Turns the first file that may be text into the plain text of a mail that has no other text (RFC 2046, section 4.1.4). */
function showOnlyText(text: Leaf[], files: Leaf[]): void {
  const place = files.findIndex(
    (leaf) => leaf.disposition !== 'attachment' && !leaf.named && !FILE_TYPES.has(leaf.type) && mayBeText(leaf),
  );
  text.push(...(place === -1 ? [] : files.splice(place, 1)));
}

function mayBeText({ type, part }: Leaf): boolean {
  if (type.startsWith('text/')) return true;
  return (!KNOWN.test(type) || MEANT_AS_TEXT.test(type)) && !hasControls(part.read().content);
}
