/**
 * A decoded form of a given text. The character at index `i` of `text` was decoded from the characters `from[i]` to `to[i]` of the given
 * text.
 */
export interface View {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
  /**
   * Whether words such as `at` and `dot` were replaced by `@` and `.`. Ordinary sentences then look like addresses. Therefore only known
   * values are searched in this view, and not addresses of any form.
   */
  readonly loose: boolean;
  /** Whether white space and punctuation were removed. Words then have no boundaries. Therefore only long values are searched in this view. */
  readonly joined: boolean;
}

type Rule = readonly [pattern: RegExp, decode: (match: RegExpExecArray) => string];

/** HTML entity names of the characters from U+00A0 to U+00FF, in the order of the characters. */
const LATIN_1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
const NAMED: ReadonlyMap<string, string> = new Map([
  ...LATIN_1.split(' ').map((name, place) => [name, String.fromCharCode(0xa0 + place)] as const),
  ...Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", commat: '@', period: '.', lowbar: '_' }),
  ...Object.entries({ hyphen: '-', dash: '-', plus: '+', num: '#', sol: '/', colon: ':', equals: '=', percnt: '%' }),
  ...Object.entries({ Tab: '\t', NewLine: '\n', comma: ',', excl: '!', semi: ';', lpar: '(', rpar: ')' }),
  // HTML entity names of invisible characters.
  ...['zwj', 'zwnj', 'lrm', 'rlm', 'NoBreak', 'ZeroWidthSpace', 'ic', 'it', 'af'].map((name) => [name, ''] as const),
]);

/** Rules to decode escapes of URLs, HTML, JSON and mail headers, and spellings such as `(at)` that hide addresses from robots. */
const ESCAPES: readonly Rule[] = [
  [/=\?[^?\s]{1,40}\?b\?([A-Za-z0-9+/=]*)\?=/iy, ([, data = '']) => utf8(Buffer.from(data, 'base64'))],
  [/=\?[^?\s]{1,40}\?q\?([^?\s]*)\?=/iy, ([, data = '']) => quotedPrintable(data.replaceAll('_', ' '))],
  [/(?:%[0-9a-f]{2})+/iy, ([whole]) => utf8(Buffer.from(whole.replaceAll('%', ''), 'hex'))],
  [/%u([0-9a-f]{4})/iy, ([, digits = '']) => character(digits, 16)],
  [/&#x0*([0-9a-f]{1,6});?/iy, ([, digits = '']) => character(digits, 16)],
  [/&#0*(\d{1,7});?/y, ([, digits = '']) => character(digits, 10)],
  [/&([A-Za-z0-9]{2,16});/y, ([whole, name = '']) => NAMED.get(name) ?? whole],
  [/(?:\\x[0-9a-f]{2})+/iy, ([whole]) => utf8(Buffer.from(whole.replaceAll(/\\x/gi, ''), 'hex'))],
  [/\\[ux]\{([0-9a-f]{1,6})\}/iy, ([, digits = '']) => character(digits, 16)],
  [/\\U([0-9a-f]{8})/y, ([, digits = '']) => character(digits, 16)],
  [/(?:\\u|u\+)([0-9a-f]{4})/iy, ([, digits = '']) => character(digits, 16)],
  [/\\([0-7]{3})/y, ([, digits = '']) => character(digits, 8)],
  [/[+&]([A-Za-z0-9+/,]{2,})-/y, ([, data = '']) => utf16(Buffer.from(data.replaceAll(',', '/'), 'base64'))],
  // Removes HTML tags and comments, since they can occur within a word.
  [/<!--.*?-->|<\/?[a-z][a-z0-9]{0,15}(?:\s[^<>@]*)?\/?>/iy, () => ''],
  [/\\(.)/y, ([, sign = '']) => sign],
  [/\s*[([{<]\s*(?:at|ät)\s*[)\]}>]\s*/iy, () => '@'],
  [/\s*[([{<]\s*(?:dot|punkt|point)\s*[)\]}>]\s*/iy, () => '.'],
];
const QUOTED_PRINTABLE: readonly Rule[] = [
  [/=\r?\n|= /y, () => ''],
  [/(?:=[0-9a-f]{2})+/iy, ([whole]) => quotedPrintable(whole)],
  // Decodes escapes of CSS.
  [/\\([0-9a-f]{1,6}) ?/iy, ([, digits = '']) => character(digits, 16)],
];
const LOOSE: readonly Rule[] = [
  [/\s*[([{<]\s*a\s*[)\]}>]\s*|\s+at\s+/iy, () => '@'],
  [/\s*[([{<]\s*d\s*[)\]}>]\s*|\s+dot\s+/iy, () => '.'],
  [/\s*([@.])\s*/y, ([, sign = '']) => sign],
];

/** Largest number of layers of escapes that are decoded, where one escape contains another escape. */
const LAYERS = 4;

/**
 * Returns all different views of a text: the text itself, and the text after one or more layers of escapes were decoded. For each such view,
 * two more views follow: the view without white space and punctuation, and then the same view with its characters in reverse order.
 */
export function viewsOf(text: string): readonly View[] {
  const views = new Map<string, View>();
  const add = (view: View) => views.has(view.text) || views.set(view.text, view);
  const seen = new Set([text]);
  // The letter case is kept here, since base64 depends on the letter case.
  let layer = [build(text.length, (at) => [text[at] ?? '', 1])];
  for (let depth = 0; depth <= LAYERS; depth++) {
    for (const view of layer) {
      const folded = within(view, (at) => {
        const sign = String.fromCodePoint(view.text.codePointAt(at) ?? 0);
        return [fold(sign), sign.length];
      });
      add(folded);
      const squeezed = {
        ...within(folded, (at) => [isLetter(folded.text[at]) ? (folded.text[at] ?? '') : '', 1]),
        joined: true,
      };
      add(squeezed);
      add({
        ...squeezed,
        text: [...squeezed.text].reverse().join(''),
        from: squeezed.from.toReversed(),
        to: squeezed.to.toReversed(),
      });
    }
    layer = layer
      .flatMap((view) => [ESCAPES, QUOTED_PRINTABLE, LOOSE].map((rules) => undo(view, rules)))
      .filter(({ text: read }) => !seen.has(read) && seen.add(read));
  }
  return [...views.values()];
}

function isLetter(sign = ''): boolean {
  return /[\p{L}\p{N}]/u.test(sign);
}

/**
 * Returns a text in lower case. Characters that Unicode treats as compatible with each other become one common character, accents
 * and invisible characters are removed, and several white space characters become one space.
 */
export function plainText(text: string): string {
  return fold(text).replace(/ +/g, ' ');
}

export function plainView(text: string): View {
  return build(text.length, (at) => {
    const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
    return [fold(sign), sign.length];
  });
}

function undo(view: View, rules: readonly Rule[]): View {
  const inner = within(view, (at) => {
    for (const [pattern, decode] of rules) {
      pattern.lastIndex = at;
      const match = pattern.exec(view.text);
      if (match && match[0] !== '') return [decode(match), match[0].length];
    }
    return [view.text[at] ?? '', 1];
  });
  return { ...inner, loose: view.loose || rules === LOOSE };
}

/**
 * Decodes the text of a view (a decoded text with the positions of its characters in the original text) once more. In the new
 * view, `from` and `to` are also positions in the original text.
 */
function within(view: View, read: (at: number) => readonly [text: string, taken: number]): View {
  const inner = build(view.text.length, read);
  return {
    text: inner.text,
    loose: view.loose,
    joined: false,
    from: inner.from.map((at) => view.from[at] ?? 0),
    to: inner.to.map((at) => view.to[at - 1] ?? 0),
  };
}

function build(length: number, read: (at: number) => readonly [text: string, taken: number]): View {
  let text = '';
  const from: number[] = [];
  const to: number[] = [];
  for (let at = 0; at < length; ) {
    const [read_, taken] = read(at);
    // Several spaces become one space.
    const part = read_ === ' ' && text.endsWith(' ') ? '' : read_;
    for (let unit = 0; unit < part.length; unit++) {
      from.push(at);
      to.push(at + taken);
    }
    text += part;
    at += taken;
  }
  return { text, from, to, loose: false, joined: false };
}

/** Returns the text in lower case, without accents and invisible characters. */
function fold(text: string): string {
  // Nearly all characters take this fast path.
  if (/^[!-~]+$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/[\s\p{Cc}\u2800]+/gu, ' ')
    .replace(/[\u{1f1e6}-\u{1f1ff}]/gu, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) - 0x1f1e6 + 0x61));
}

function quotedPrintable(text: string): string {
  return utf8(
    Buffer.from(
      text.replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ),
  );
}

function utf8(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}

function utf16(bytes: Buffer): string {
  return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : '';
}

function character(digits: string, radix: number): string {
  const code = Number.parseInt(digits, radix);
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '' : String.fromCodePoint(code);
}
