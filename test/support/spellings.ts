const each = (text: string, write: (sign: string) => string) => Array.from(text, write).join('');
const hex = (sign: string, digits = 2) => (sign.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
const bytes = (text: string, before: string) =>
  each(text, (sign) => Buffer.from(sign).toString('hex').replace(/../g, `${before}$&`));

/** Functions that change a text as a provider may do when its answer repeats the text, by name: for example by escaping or encoding it. */
export const SPELLINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'large letters': (text) => text.toUpperCase(),
  'percent signs': encodeURIComponent,
  'percent signs for all': (text) => bytes(text, '%'),
  'percent signs twice': (text) => encodeURIComponent(bytes(text, '%')),
  'HTML, decimal': (text) => each(text, (sign) => `&#${sign.codePointAt(0)};`),
  'HTML, hexadecimal, unended': (text) => each(text, (sign) => `&#x${hex(sign)}`),
  'HTML names': (text) => text.replaceAll('@', '&commat;').replaceAll('.', '&period;').replaceAll('ü', '&uuml;'),
  'HTML of HTML': (text) => each(text, (sign) => `&amp;#${sign.codePointAt(0)};`),
  'JSON escapes': (text) => each(text, (sign) => `\\u${hex(sign, 4)}`),
  'JSON of JSON': (text) => JSON.stringify(JSON.stringify(each(text, (sign) => `\\u${hex(sign, 4)}`))),
  'bytes of a string': (text) => bytes(text, '\\x'),
  'quoted-printable': (text) => bytes(text, '='),
  'quoted-printable, some': (text) => text.replaceAll('@', '=40').replaceAll('ü', '=C3=BC').replaceAll('ë', '=C3=AB'),
  'encoded word, q': (text) => `=?utf-8?q?${bytes(text, '=')}?=`,
  'encoded word, b': (text) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`,
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64, within': (text) => Buffer.from(`xy${text}z`).toString('base64url'),
  'hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
  '(at)': (text) => text.replaceAll('@', '(at)').replaceAll('.', '(dot)'),
  '[at], spaced': (text) => text.replaceAll('@', ' [AT] ').replaceAll('.', ' [dot] '),
  ' at ': (text) => text.replaceAll('@', ' at ').replaceAll('.', ' dot '),
  'wide letters': (text) =>
    each(text, (sign) => (/[!-~]/.test(sign) ? String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0) : sign)),
  'invisible signs': (text) => each(text, (sign) => `${sign}\u200b`),
  'more blanks': (text) => text.replaceAll(' ', ' \t '),
  'another form of Unicode': (text) => text.normalize('NFD'),
};

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ofBytes = (text: string, radix: number, width: number, between: string) =>
  Array.from(Buffer.from(text), (byte) => byte.toString(radix).padStart(width, '0')).join(between);
const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();

/** Functions for rarer spellings: encoded twice, padded, spaced out, reversed, or with invisible characters. */
export const RARE_SPELLINGS: typeof SPELLINGS = {
  backwards: (text) => Array.from(text).reverse().join(''),
  'backwards, turned round by a sign': (text) => `\u202e${Array.from(text).reverse().join('')}`,
  'letter by letter': (text) => Array.from(text).join(' '),
  'letter by letter, wide': (text) => Array.from(text).join('  '),
  'letter by letter, dots': (text) => Array.from(text).join('.'),
  'letter by letter, hyphens': (text) => Array.from(text).join('-'),
  'without blanks': (text) => text.replaceAll(' ', ''),
  'blanks as underscores': (text) => text.replaceAll(' ', '_'),
  'cut by a line end': (text) => `${text.slice(0, 5)}\r\n ${text.slice(5)}`,
  'cut by a soft line end': (text) => `${text.slice(0, 5)}=\r\n${text.slice(5)}`,
  'cut by markup': (text) => `${text.slice(0, 4)}<b>${text.slice(4, 7)}</b>${text.slice(7)}`,
  'cut by comments': (text) => each(text, (sign) => `${sign}<!---->`),
  'cut by <wbr>': (text) => each(text, (sign) => `${sign}<wbr>`),
  'HTML, soft hyphens': (text) => each(text, (sign) => `${sign}&shy;`),
  'HTML, signs of no width': (text) => each(text, (sign) => `${sign}&ZeroWidthSpace;`),
  'HTML, decimal, padded': (text) => each(text, (sign) => `&#${String(sign.codePointAt(0)).padStart(10, '0')};`),
  'HTML, hexadecimal, padded': (text) => each(text, (sign) => `&#X${hex(sign, 8).toUpperCase()};`),
  'accents added': (text) => each(text, (sign) => `${sign}\u0301`),
  'accents removed': (text) => text.normalize('NFD').replace(/\p{M}/gu, ''),
  'variation selectors': (text) => each(text, (sign) => `${sign}\ufe0f`),
  'grapheme joiners': (text) => each(text, (sign) => `${sign}\u034f`),
  'soft hyphens': (text) => each(text, (sign) => `${sign}\u00ad`),
  fillers: (text) => each(text, (sign) => `${sign}\u3164`),
  'empty Braille': (text) => each(text, (sign) => `${sign}\u2800`),
  'letters in circles': (text) =>
    each(text, (sign) => (/[a-z]/.test(sign) ? String.fromCodePoint(0x24d0 + sign.charCodeAt(0) - 97) : sign)),
  'bold letters of mathematics': (text) =>
    each(text, (sign) => (/[a-z]/.test(sign) ? String.fromCodePoint(0x1d41a + sign.charCodeAt(0) - 97) : sign)),
  'long s': (text) => text.replaceAll('s', 'ſ'),
  '%u escapes': (text) => each(text, (sign) => `%u${hex(sign, 4)}`),
  '\\U escapes': (text) => each(text, (sign) => `\\U${hex(sign, 8)}`),
  '\\x{} escapes': (text) => each(text, (sign) => `\\x{${hex(sign)}}`),
  'code points': (text) => each(text, (sign) => `U+${hex(sign, 4)} `),
  'CSS escapes': (text) => each(text, (sign) => `\\${hex(sign)} `),
  'CSS escapes, padded': (text) => each(text, (sign) => `\\${hex(sign, 6)}`),
  'octal escapes': (text) => `\\${ofBytes(text, 8, 3, '\\')}`,
  'percent signs three times': (text) => encodeURIComponent(encodeURIComponent(bytes(text, '%'))),
  'percent signs, Latin 1': (text) => each(text, (sign) => `%${hex(sign)}`),
  'blanks as plus signs': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  'parameter of a header': (text) => `a*=utf-8''${encodeURIComponent(text)}`,
  'encoded words, two': (text) => `=?utf-8?B?${base64(text.slice(0, 6))}?= =?utf-8?B?${base64(text.slice(6))}?=`,
  'encoded word with a language': (text) => `=?utf-8*en?q?${bytes(text, '=')}?=`,
  'base64 twice': (text) => base64(base64(text)),
  'base64 three times': (text) => base64(base64(base64(text))),
  'base64 in groups': (text) => base64(text).replace(/.{4}/g, '$& '),
  'base64, folded': (text) => base64(text).replace(/.{10}/g, '$&\r\n '),
  'base64, escaped': (text) => base64(text).replaceAll('/', '\\/').replaceAll('=', '%3D'),
  'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  'UTF-7': (text) => `+${swapped(text).toString('base64').replace(/=+$/, '')}-`,
  'UTF-7 of IMAP': (text) => `&${swapped(text).toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`,
  'hexadecimal digits of UTF-16': (text) => swapped(text).toString('hex'),
  'hexadecimal digits twice': (text) => ofBytes(ofBytes(text, 16, 2, ''), 16, 2, ''),
  'hexadecimal digits of base64': (text) => ofBytes(base64(text), 16, 2, ''),
  'hexadecimal list': (text) => `0x${ofBytes(text, 16, 2, ', 0x')}`,
  'hexadecimal, dots': (text) => ofBytes(text, 16, 2, '.'),
  'decimal list': (text) => ofBytes(text, 10, 1, ','),
  'decimal list of JSON': (text) => JSON.stringify(Buffer.from(text)),
  'binary digits': (text) => ofBytes(text, 2, 8, ' '),
  'domain first': (text) => text.split('@').reverse().join(' '),
  'last name first': (text) => text.split(' ').reverse().join(', '),
  'quoted local part': (text) =>
    text.replace(/^([^@ ]+)@/, (_, local: string) => `"${each(local, (sign) => `\\${sign}`)}"@`),
  'address of bounces': (text) => `bounces+${text.replace('@', '=')}@mail.example`,
};
