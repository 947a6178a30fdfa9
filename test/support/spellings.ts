const each = (text: string, write: (sign: string) => string) => Array.from(text, write).join('');
const hex = (sign: string, digits = 2) => (sign.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
const bytes = (text: string, before: string) =>
  each(text, (sign) => Buffer.from(sign).toString('hex').replace(/../g, `${before}$&`));

/** Spellings in which a provider may repeat a text, by name. */
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
