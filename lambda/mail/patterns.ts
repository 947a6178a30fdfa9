/**
 * Patterns for the JSON Schema of submissions. Mailover itself checks the same strings with code. Each pattern matches only strings that
 * the code accepts. Some rules (lengths in octets, Unicode's rules for domains) cannot be expressed as a pattern: such a pattern matches
 * fewer strings than the code accepts. The patterns need no Unicode classes and no flags, so every JSON Schema validator supports them.
 */

/**
 * `NO_BREAK` excludes texts that contain certain pairs of letters: a mail program that cuts characters to 8 bits turns such a pair into CR LF.
 * `ONE_LINE` matches one line of text without such pairs and without control characters.
 */
const NO_BREAK = '(?![\\s\\S]*[\\u010d\\u560d][\\u010a\\u560a])';
export const ONE_LINE = `^${NO_BREAK}[^\\u0000-\\u001f\\u007f]*$`;
/** Matches the same lines of text as {@link ONE_LINE}, but only if the line contains a visible character. */
export const SOME_LINE = `^${NO_BREAK}(?=[^\\S]*\\S)[^\\u0000-\\u001f\\u007f]*$`;

/**
 * Non-ASCII letters that are allowed at any place in a label of a domain name: letters of left-to-right scripts that no Unicode
 * normalization form changes.
 */
const LETTERS =
  '\\u00df-\\u00f6\\u00f8-\\u0130\\u0134-\\u013e\\u0141-\\u0148\\u014a-\\u017e\\u0180-\\u01c3\\u01cd-\\u01f0' +
  '\\u0391-\\u03a1\\u03a3-\\u03c1\\u03c3-\\u03ce\\u0400-\\u0481\\u048a-\\u052f\\u3041-\\u3096\\u30a1-\\u30fa\\u4e00-\\u9fff\\uac00-\\ud7a3';
/**
 * Matches a domain name. Labels begin and end with a letter or digit, and the last label is no number. Labels with non-ASCII letters
 * become longer as A-labels. Therefore such labels are limited to 14 characters. A domain that contains such a label must not also contain
 * a label that begins with `xn--`.
 */
const DOMAIN =
  '(?![.-])(?![^@]*(?:\\.[.-]|-\\.|[.-]$))(?!(?:[^@]*\\.)?(?:[0-9]+|0[Xx][0-9A-Fa-f]*)$)' +
  `(?:(?![^@]*[^.]{64})[A-Za-z0-9.-]{1,253}|(?![^@]*[^.]{15})(?!(?:[^@]*\\.)?[Xx][Nn]--)[A-Za-z0-9.${LETTERS}-]{1,40})`;

const ATOM = "A-Za-z0-9!#$%&'*+/=?^_`{|}~";
/** The non-ASCII characters of Unicode's Basic Multilingual Plane that are allowed in a local part. */
const BEYOND_ASCII =
  '\\u00a1-\\u00ac\\u00ae-\\u02ff\\u0370-\\u037d\\u037f-\\u05ff\\u0606-\\u061b\\u061d-\\u06dc\\u06de-\\u070e\\u0710-\\u088f' +
  '\\u0892-\\u08e1\\u08e3-\\u167f\\u1681-\\u180d\\u180f-\\u1fff\\u2010-\\u2027\\u2030-\\u205e\\u2070-\\u2fff' +
  '\\u3001-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufff8';
const LOCAL =
  `(?:(?=[!-~]{1,64}@|[^@]{1,21}@)(?!\\.|[^@]*\\.[.@])[.${ATOM}${BEYOND_ASCII}-]+|` +
  '(?=[ -~]{3,64}@[^@]*$)"(?:[ !#-\\[\\]-~]|\\\\[ -~])+")';

/** Matches exactly one e-mail address, without a name. */
export const ADDRESS = `^(?!.*=\\?)${NO_BREAK}(?=[ -~]{3,254}$|.{3,50}$)${LOCAL}@${DOMAIN}$`;

const PLAIN_LOCAL = '[A-Za-z0-9_+=-]{1,20}(?:\\.[A-Za-z0-9_+=-]{1,20}){0,2}';
const PLAIN_LABEL = '[A-Za-z](?:[A-Za-z0-9]{0,61}[A-Za-z0-9])?';
const PLAIN_DOMAIN = `(?:${PLAIN_LABEL}\\.)*${PLAIN_LABEL}`;

/** Matches an https URL in a form that a URL parser does not change. */
export const HTTPS_URL =
  `^(?=.{1,790}$)https://(?=[^/?#:]{1,253}(?:[/?#:]|$))${PLAIN_DOMAIN}(?::[0-9]{1,4})?` +
  '(?:/[A-Za-z0-9._~:/?@!$&()*+,;=%-]*)?$';

/** Matches an e-mail address, or a mailto URI with one e-mail address. */
export const MAILTO =
  `^(?=.{1,250}$)(?:${PLAIN_LOCAL}@${PLAIN_DOMAIN}|` +
  `mailto:${PLAIN_LOCAL}@${PLAIN_DOMAIN}(?:\\?[A-Za-z0-9=&%._~!$'()*+,;:@/-]*)?)$`;

/** Matches a list of mailboxes in a header: ASCII addresses, each optionally in angle brackets after a name without quotation marks. */
export const MAILBOX_LIST = (() => {
  const address = `${PLAIN_LOCAL}@(?:${PLAIN_LABEL}\\.){0,3}[A-Za-z]{1,61}`;
  const mailbox = `(?:\\s*${address}\\s*|[^"<>,@]{0,100}<${address}>\\s*)`;
  return `^${mailbox}(?:,${mailbox})*$`;
})();

const GROUP = '[A-Za-z0-9+/]';
const WHOLE = `^(?:${GROUP}{4})*(?:${GROUP}[AQgw]==|${GROUP}{2}[AEIMQUYcgkosw048]=)?$`;
const MOST_GROUPED = 2_000_000;

/**
 * JSON Schema for canonical base64. Regular expression engines cannot match repeated groups in a text of many megabytes. Therefore a simpler
 * pattern is used for long texts.
 */
export const BASE64_SCHEMA = {
  contentEncoding: 'base64',
  anyOf: [
    { maxLength: MOST_GROUPED, pattern: WHOLE },
    { minLength: MOST_GROUPED + 1, pattern: `^${GROUP}*={0,2}$` },
  ],
};

/** Returns a pattern that matches `text`. Each lower-case ASCII letter of `text` also matches the same letter in upper case. */
export function ignoringCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}
