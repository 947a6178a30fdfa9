import { domainToUnicode } from 'node:url';
import type { Message } from './message.ts';
import { plainText, plainView, type View, viewsOf } from './spellings.ts';

/** Function that masks sensitive values in a text: values that must not be logged, even if they are written with escapes. */
export type Redact = (text: string) => string;

/** Values to mask, grouped by the way in which they are searched in a text. */
export interface Redacted {
  /** Values that are masked if the whole value occurs anywhere in the text. */
  readonly values: Iterable<string>;
  /** Subjects, bodies and similar texts: each of their words with 3 or more characters, except common words, is masked wherever it occurs. */
  readonly texts?: Iterable<string>;
  /** Secrets: each sequence of `PART` successive characters of a secret is masked. */
  readonly secrets?: Iterable<string>;
}

const MASK = '<hidden>';
/**
 * A value with fewer characters than this is masked only if there is no letter or digit directly before or after the value, since a name of
 * two letters occurs within many words.
 */
const SHORT = 6;
/** Smallest number of characters of a value that is also searched in a copy of the text without spaces and punctuation. */
const JOINED = 7;
/** Largest depth of nested encodings (base64, or bytes written as digits) that are decoded. */
const MOST_NESTED = 3;
/** Number of successive characters of a secret that are masked if they occur in a text, even without the rest of the secret. */
const PART = 8;
/**
 * Number of characters, from the start of a subject, body or similar text, whose words are masked in other texts. A word that occurs only
 * after these characters is not masked.
 */
const MOST_TEXT = 100_000;

/**
 * Words that occur in providers' answers about any mail. They reveal nothing about a subject or a body. Therefore they are not masked if
 * they occur as single words.
 */
const COMMON: ReadonlySet<string> = new Set(
  `a about above accept accepted access account accounts action active additional address addresses after again all allow allowed already an and any api are as at attachment attachments attempt authentication authorization available bad be because been before below blocked body bounce bytes but by call can cannot change client code com connection contact contains content could credentials daily data date day days delivered delivery denied disabled dns does domain domains due each email emails empty error errors exceeded exist expected expired fail failed failure field file for format forbidden found from full gateway given has have header headers hello here hour hours html http https id if in inactive inbound information internal into invalid is it its json key larger later length limit limits line list login long mail mailbox mails maximum may message messages minute minutes missing more must name need network new no not now number of off ok on one only or org other our out over page paid parameter parse password pending per permission please policy port postmark mailgun amazon ses smtp try problem queue queued quota rate read receive received recipient recipients refused rejected reply request requests required response retry returned route same sandbox second seconds secure see send sender sending sent server service session set should signature size smaller so some soon spam start state status stop stream string subject such support suppressed suspended take temporarily temporary text than thank thanks that the their them then there these they this time timeout tls to token too try type unable unavailable unknown until up url us use used user valid value verified version via violation wait was we were what when which while who why will with within without wrong you your net www mailto`.split(
    /\s+/,
  ),
);

/** Creates a function that masks the given values, and also every e-mail address. */
export function redactor({ values, texts = [], secrets = [] }: Redacted): Redact {
  const whole = new Set<string>();
  const words = new Set<string>();
  const parts = new Set<string>();
  for (const value of values) {
    const plain = plainText(value).trim();
    if (plain.length >= 2) whole.add(plain);
  }
  for (const text of texts)
    for (const word of wordsOf(plainText(text.slice(0, MOST_TEXT))))
      if (word.length >= 3 && isTelling(word)) words.add(word);
  for (const secret of secrets) {
    const plain = plainText(secret).trim();
    if (plain.length >= 4) whole.add(plain);
    for (const form of [plain, withoutSigns(plain)])
      for (let at = 0; at + PART <= form.length; at++) parts.add(form.slice(at, at + PART));
  }
  const joined = byStart([...whole, ...words]);
  const find = (view: View) => {
    if (view.joined) return [...joined(view.text), ...partSpans(view.text, parts)];
    return [
      ...(view.loose ? [] : addressesIn(view)),
      ...[...whole].flatMap((value) => occurrences(view.text, value)),
      ...wordSpans(view.text, words),
      ...partSpans(view.text, parts),
    ];
  };
  /** Whether decoded text contains a value that must be masked. Words of 5 or more characters are also found within other words. */
  const holdsAny = (decoded: string, depth = 0): boolean => {
    const view = plainView(decoded);
    if (find(view).some(([from, to]) => to - from >= 3)) return true;
    for (const word of words) if (word.length >= 5 && view.text.includes(word)) return true;
    return depth < MOST_NESTED && Array.from(encodedRuns(decoded)).some(([, , inner]) => holdsAny(inner, depth + 1));
  };
  return (text) => {
    if (isOrdinary(text)) return text;
    const hidden = new Uint8Array(text.length);
    for (const view of viewsOf(text))
      for (const [start, end] of find(view)) {
        // In the view with the reversed text, the start and the end of a span are exchanged.
        const ends = [view.from[start] ?? 0, view.from[end - 1] ?? 0, view.to[start] ?? 0, view.to[end - 1] ?? 0];
        hidden.fill(1, Math.min(...ends), Math.max(...ends));
      }
    for (const [start, end, decoded] of encodedRuns(text)) if (holdsAny(decoded)) hidden.fill(1, start, end);
    return mask(text, hidden);
  };
}

/** Whether a text consists only of words that occur in answers about any mail, such as `OK`. Such a text needs no masking. */
export function isOrdinary(text: string): boolean {
  return (
    /^[A-Za-z ,.]*$/.test(text) &&
    text
      .toLowerCase()
      .split(/[ ,.]+/)
      .every((word) => word === '' || COMMON.has(word))
  );
}

/**
 * Whether the id that a provider gave a mail contains a name or the local part of an address from the mail. Such an id must not be
 * logged.
 */
export function givesAway(id: string, { from, to, cc, bcc, replyTo }: Message): boolean {
  const plain = plainText(id.split('@')[0] ?? '');
  const telling = (text: string) => text.length >= 4 && plain.includes(plainText(text));
  return [from, ...to, ...cc, ...bcc, ...replyTo].some(
    ({ name = '', address }) => telling(address.slice(0, address.lastIndexOf('@'))) || name.split(/\s+/).some(telling),
  );
}

/** Returns the values that must not be logged: values of the message, and of the secret with the credentials of the provider. */
export function hiddenOf(message: Message, secret: Readonly<Record<string, string>> = {}): Redacted {
  const {
    from,
    to,
    cc,
    bcc,
    replyTo,
    subject,
    text = '',
    html = '',
    headers,
    attachments,
    tag = '',
    metadata,
  } = message;
  const mailboxes = [from, ...to, ...cc, ...bcc, ...replyTo];
  const own = headers
    .filter(([name]) => !/^(x-mailover-id|list-unsubscribe-post)$/i.test(name))
    .map(([, value]) => value);
  const said = [
    subject,
    ...own,
    tag,
    ...Object.values(metadata),
    ...attachments.flatMap(({ filename, contentId = '' }) => [filename, contentId]),
  ];
  const names = mailboxes.flatMap(({ name = '' }) => [name, ...name.split(/\s+/)]);
  return {
    values: [...mailboxes.flatMap(({ address }) => addressParts(address)), ...names.filter(isTelling), ...said],
    texts: [...names, ...said, text, html],
    secrets: Object.values(secret),
  };
}

function addressParts(address: string): readonly string[] {
  const at = address.lastIndexOf('@');
  const [local, domain] = [
    address
      .slice(0, at)
      .replace(/^"(.*)"$/, '$1')
      .replace(/\\(.)/g, '$1'),
    address.slice(at + 1),
  ];
  const readable = domainToUnicode(domain);
  const labels = (name: string) => name.split('.').slice(0, -1);
  const pieces = [local, ...local.split(/[.+_-]/), ...labels(domain), ...labels(readable)];
  return [address, domain, readable, ...pieces.filter(isTelling)];
}

function isTelling(word: string): boolean {
  return word.length >= 2 && !COMMON.has(word.toLowerCase());
}

function* wordsOf(text: string): Generator<string> {
  for (const [run] of text.matchAll(/[\p{L}\p{N}]+(?:['._+-][\p{L}\p{N}]+)*/gu)) {
    yield run;
    const pieces = run.split(/['._+-]/);
    if (pieces.length > 1) yield* pieces;
  }
}

type Span = readonly [start: number, end: number];

function withoutSigns(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * Returns a function that finds values anywhere in a text from which spaces and punctuation were removed, even across several words. Values
 * are looked up by their first characters, since a body has thousands of words.
 */
function byStart(values: readonly string[]): (text: string) => readonly Span[] {
  const long = values.map(withoutSigns).filter((value) => value.length >= JOINED);
  const starts = Map.groupBy(long, (value) => value.slice(0, JOINED));
  return (text) => {
    const spans: Span[] = [];
    for (let at = 0; at + JOINED <= text.length; at++)
      for (const value of starts.get(text.slice(at, at + JOINED)) ?? [])
        if (text.startsWith(value, at)) spans.push([at, at + value.length]);
    return spans;
  };
}

function occurrences(text: string, value: string): readonly Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const end = at + value.length;
    const alone = !isWordSign(text, at - 1) && !isWordSign(text, end);
    if (value.length >= SHORT || alone) spans.push([at, end]);
  }
  return spans;
}

function isWordSign(text: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(text[at] ?? '');
}

function wordSpans(text: string, words: ReadonlySet<string>): readonly Span[] {
  if (words.size === 0) return [];
  return Array.from(text.matchAll(/[\p{L}\p{N}]+(?:['._+-][\p{L}\p{N}]+)*/gu)).flatMap(({ 0: run, index }) => {
    if (words.has(run)) return [[index, index + run.length] satisfies Span];
    return Array.from(run.matchAll(/[\p{L}\p{N}]+/gu)).flatMap((piece) => {
      const start = index + piece.index;
      return words.has(piece[0]) ? [[start, start + piece[0].length] satisfies Span] : [];
    });
  });
}

function partSpans(text: string, parts: ReadonlySet<string>): readonly Span[] {
  if (parts.size === 0) return [];
  const spans: Span[] = [];
  for (let at = 0; at + PART <= text.length; at++)
    if (parts.has(text.slice(at, at + PART))) spans.push([at, at + PART]);
  return spans;
}

/** Matches an e-mail address. The pattern limits the length of the address, since a gateway may answer with a page of any size. */
const ADDRESS = /(?:"[^"]{1,128}"|[^\s<>"(),;:@]{1,128})@[^\s<>"'(),;:@]{1,255}/g;

function addressesIn({ text }: View): readonly Span[] {
  return Array.from(text.matchAll(ADDRESS), ({ 0: found, index }) => [index, index + found.length] satisfies Span);
}

type Run = readonly [start: number, end: number, decoded: string];

/**
 * Decodes each part of a text that may be base64, or bytes written as hexadecimal, decimal or binary digits. Base64 and hexadecimal digits
 * are decoded from each possible start, since characters before the encoded bytes may look like a part of them.
 */
function* encodedRuns(text: string): Generator<Run> {
  for (const pattern of [BASE64, BASE64_GROUPS])
    for (const { 0: run, index } of text.matchAll(pattern))
      for (let shift = 0; shift < 4; shift++)
        yield* readable(index, run, Buffer.from(run.replace(/[\s\\]+/g, '').slice(shift), 'base64'));
  for (const { 0: run, index } of text.matchAll(HEXADECIMAL))
    for (const shift of [0, 1])
      yield* readable(index, run, Buffer.from(run.replace(/0x|[^0-9a-f]/gi, '').slice(shift), 'hex'));
  for (const [pattern, radix] of [
    [DECIMAL, 10],
    [BINARY, 2],
  ] as const)
    for (const { 0: run, index } of text.matchAll(pattern))
      yield* readable(index, run, Buffer.from(run.split(/[^0-9]+/).map((digits) => Number.parseInt(digits, radix))));
}

const BASE64 = /(?:[A-Za-z0-9+/_-]|\\\/){4,}={0,2}/g;
/** Matches base64 that is written in groups, or with line breaks as in a mail. */
const BASE64_GROUPS = /(?:[A-Za-z0-9+/_-]{2,}={0,2}\s+)+[A-Za-z0-9+/_-]{2,}={0,2}/g;
const HEXADECIMAL = /(?:(?:0x)?[0-9a-f]{2}[\s,.:;-]{0,2}){2,}(?:0x)?[0-9a-f]{2}/gi;
const DECIMAL = /(?:\d{1,3}[\s,;]{1,2}){4,}\d{1,3}/g;
const BINARY = /(?:[01]{8}[\s,]{0,2}){3,}[01]{8}/g;

/**
 * Yields a part of a text together with the decoded text, but only if the decoded bytes are text: most words only look like encoded text.
 * Zero bytes are removed, since UTF-16 has a zero byte in each ASCII letter.
 */
function* readable(start: number, run: string, bytes: Buffer): Generator<Run> {
  const text = bytes.toString('utf8').replaceAll('\0', '');
  if (/[\p{L}\p{N}@._-]{3}/u.test(text)) yield [start, start + run.length, text];
}

function mask(text: string, hidden: Uint8Array): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) out += text[at];
    else if (at === 0 || hidden[at - 1] === 0) out += MASK;
  }
  return out;
}
