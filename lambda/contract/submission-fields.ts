import * as z from 'zod/mini';
import { parseMailbox } from '../mail/address.ts';
import { STRUCTURED } from '../mail/header-kinds.ts';
import { headerProblem } from '../mail/header-line.ts';
import { ADDRESS, BASE64_SCHEMA, HTTPS_URL, ignoringCase, MAILTO, ONE_LINE, SOME_LINE } from '../mail/patterns.ts';
import { BASE64, isBase64 } from './contents.ts';
import { CANARY_PREFIX, SUBMISSION_ID } from './dead-letter.ts';
import { HEADER_NAME_PATTERN, headerNameProblem } from './header-names.ts';

// Every `error` below says what would be right; `describeProblem` adds the field and the shape of what was given.

// C0 controls and DEL end or change a header. The two-letter sequences become CR LF in a client that cuts characters to
// 8 bits; one of these letters alone is ordinary Czech or Chinese, and harmless since Mailover encodes all that it
// composes.
const BREAKS_A_LINE = /[\p{Cc}--[\u0080-\u009f]]|[\u010d\u560d][\u010a\u560a]/v;

/** Text of one line, safe in a header. */
export const oneLine = (expected: string, min: number, max: number) => {
  const error = `${expected}, ${min} to ${max} characters`;
  return z.string({ error }).check(
    z.minLength(min, { error }),
    z.maxLength(max, { error }),
    z.refine((text) => !BREAKS_A_LINE.test(text), { error: `${expected} without line breaks or control characters` }),
    z.meta({ pattern: ONE_LINE }),
  );
};

const matching = (pattern: RegExp, error: string) => z.string({ error }).check(z.regex(pattern, { error }));

export const id = matching(SUBMISSION_ID, '1 to 128 characters of A-Z a-z 0-9 . _ : @ / -');
/** An id set by a producer, which must not look like a canary's. */
export const ownId = matching(
  new RegExp(`^(?!${CANARY_PREFIX})${SUBMISSION_ID.source.slice(1)}`),
  `1 to 128 characters of A-Z a-z 0-9 . _ : @ / -, not beginning with ${CANARY_PREFIX}`,
);
export const providerKey = matching(/^[a-z][a-z0-9-]{0,31}$/, 'the key of a configured provider');

const address = z.string({ error: 'one address' }).check(
  z.maxLength(1000, { error: 'one address of at most 254 octets' }),
  z.refine((text) => !('problem' in parseMailbox(text)), {
    error: ({ input }) => {
      const parsed = typeof input === 'string' ? parseMailbox(input) : undefined;
      return parsed && 'problem' in parsed ? parsed.problem : 'one address';
    },
  }),
  z.meta({
    id: 'Address',
    description:
      'Exactly one address, without a name: local part, @, domain. The pattern is stricter than Mailover where a pattern ' +
      'cannot express the rule: a domain in other scripts than Latin, Greek, Cyrillic, Chinese, Japanese or Korean, or a long one, is accepted as A-labels.',
    pattern: ADDRESS,
  }),
);

const MAILBOX = 'an address, or an object of "name" and "address"';
export const mailbox = z.union(
  [address, z.strictObject({ name: z.exactOptional(oneLine('a name', 0, 1000)), address }, { error: MAILBOX })],
  { error: MAILBOX },
);
export const mailboxes = z
  .array(mailbox, { error: 'a list of addresses' })
  .check(z.maxLength(1000, { error: 'a list of at most 1000 addresses' }));

const MAX_HEADER = 8000;
const HEADER_VALUE = 'a header value';

export const headers = z
  .record(
    z.string().check(
      z.meta({ pattern: HEADER_NAME_PATTERN }),
      z.refine((name) => headerNameProblem(name) === undefined, {
        error: ({ input }) => headerNameProblem(String(input)) ?? 'a header name',
      }),
    ),
    oneLine(HEADER_VALUE, 1, MAX_HEADER).check(z.meta({ pattern: SOME_LINE })),
    { error: 'an object from header name to value' },
  )
  .check(
    z.superRefine((headers, { addIssue }) => {
      const seen = new Set<string>();
      for (const [name, value] of Object.entries(headers)) {
        const lower = name.toLowerCase();
        const problem = seen.has(lower)
          ? 'each header once, whatever the case of its name'
          : headerProblem(name, value);
        if (problem !== undefined) addIssue({ code: 'custom', path: [name], message: problem });
        seen.add(lower);
      }
    }),
    z.meta({
      patternProperties: Object.fromEntries(
        STRUCTURED.map(({ names, pattern }) => [
          ignoringCase(names),
          { type: 'string', minLength: 1, maxLength: MAX_HEADER, allOf: [{ pattern: ONE_LINE }, { pattern }] },
        ]),
      ),
    }),
  );

export const metadata = z
  .record(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of 1 to 64 characters of A-Z a-z 0-9 . _ -'),
    oneLine('a metadata value', 0, 1000),
    { error: 'an object from name to text' },
  )
  .check(
    z.refine((entries) => Object.keys(entries).length <= 50, { error: 'at most 50 entries' }),
    z.meta({ description: 'Returned with delivery events if the provider keeps it.', maxProperties: 50 }),
  );

// A key below `submissions/`, without `.` and `..` segments, since received mail and our own objects are in the same
// bucket.
const SUBMITTED = /^submissions\/(?!(?:.*\/)?\.{1,2}(?:\/|$))[ -~\u0080-\u{10ffff}]+$/u;
const OBJECT_KEY = 'an object key of at most 1024 characters that begins with submissions/';

export const s3Reference = z.strictObject(
  {
    bucket: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    key: matching(SUBMITTED, OBJECT_KEY).check(z.maxLength(1024, { error: OBJECT_KEY })),
  },
  { error: 'an object of "bucket" and "key"' },
);

const base64 = z.string({ error: BASE64 }).check(
  // Contents were checked while they were removed from the text; this check is for values that are no base64 strings.
  z.refine((text) => isBase64(text), { error: BASE64 }),
  z.meta(BASE64_SCHEMA),
);

/** Characters that reverse the direction of text disguise the extension: `a\u202efdp.exe` is shown as `aexe.pdf`. */
const TURNS_AROUND = /[\u202a-\u202e\u2066-\u2069]/;
const FILE_NAME = `^(?![\\s\\S]*[\\u202a-\\u202e\\u2066-\\u2069])${ONE_LINE.slice(1)}`;

const TYPE =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(?: ?; ?[A-Za-z0-9-]+=(?:[A-Za-z0-9!#$&^_.+-]+|"[ !#-[\]-~]*"))*$/;

export const attachment = z
  .strictObject(
    {
      filename: oneLine('a file name', 1, 255).check(
        z.refine((name) => !TURNS_AROUND.test(name), {
          error: 'a file name without characters that turn the direction of text',
        }),
        z.meta({ pattern: FILE_NAME }),
      ),
      contentType: matching(TYPE, 'a media type such as application/pdf').check(
        z.maxLength(255, { error: 'a media type of at most 255 characters' }),
        z.refine((type) => !/^multipart\//i.test(type), { error: 'a media type other than multipart' }),
        z.meta({ pattern: `^(?!${ignoringCase('multipart')}/)${TYPE.source.slice(1)}` }),
      ),
      content: z.exactOptional(base64),
      s3: z.exactOptional(s3Reference),
      contentId: z.exactOptional(
        matching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}$/, 'a content id without angle brackets or spaces'),
      ),
    },
    { error: 'an attachment object' },
  )
  .check(
    z.refine((given) => (given.content === undefined) !== (given.s3 === undefined), {
      error: 'exactly one of "content" and "s3"',
    }),
    z.meta({ oneOf: [{ required: ['content'] }, { required: ['s3'] }] }),
  );

const flag = (what: string) => z.exactOptional(z.boolean({ error: `true or false: whether ${what}` }));

export const tracking = z.strictObject(
  { opens: flag('it is to be learned that the mail was opened'), clicks: flag('links lead over the provider') },
  { error: 'an object of "opens" and "clicks"' },
);

/** RFC 5546 section 1.4. */
const METHODS = ['PUBLISH', 'REQUEST', 'REPLY', 'ADD', 'CANCEL', 'REFRESH', 'COUNTER', 'DECLINECOUNTER'] as const;
const METHOD_LINE = `(?:^|[\\r\\n])${ignoringCase('method')}:`;
const otherMethod = (method: string) => `${METHOD_LINE}(?!${ignoringCase(method.toLowerCase())}[ \\t]*(?:[\\r\\n]|$))`;
const CALENDAR_START = `^${ignoringCase('begin:vcalendar')}`;

export const calendar = z
  .strictObject(
    {
      method: z.enum(METHODS, { error: `one of ${METHODS.join(', ')}` }),
      content: z
        .string({ error: 'an iCalendar object' })
        .check(
          z.regex(new RegExp(CALENDAR_START), { error: 'an iCalendar object, which begins with BEGIN:VCALENDAR' }),
        ),
    },
    { error: 'an object of "method" and "content"' },
  )
  .check(
    // RFC 6047 section 2.4: mail programs ignore an invitation with two methods.
    z.refine(({ method, content }) => !new RegExp(otherMethod(method)).test(content), {
      error: 'the same method as in the line METHOD of "content"',
      path: ['method'],
    }),
    z.meta({
      description:
        'An invitation or another calendar message: as an alternative to the text and as the file invite.ics. Providers that cannot carry it are skipped.',
      allOf: METHODS.map((method) => ({
        if: { properties: { method: { const: method } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { content: { not: { pattern: otherMethod(method) } } } },
      })),
    }),
  );

// Longest URI of `unsubscribe`, which is written unbroken and unencoded on one header line.
const MAX_URI = 800;

export const unsubscribe = z
  .strictObject(
    {
      url: z.exactOptional(
        oneLine('an https URL', 1, MAX_URI).check(
          z.refine(isHttpsUrl, { error: `an https URL without a user name, at most ${MAX_URI} characters as ASCII` }),
          z.meta({ description: 'URL for the one-click POST of RFC 8058.', pattern: HTTPS_URL }),
        ),
      ),
      mailto: z.exactOptional(
        oneLine('an address or a mailto URI', 1, MAX_URI).check(
          z.refine(isMailto, { error: 'an ASCII address, or a mailto URI of one' }),
          z.meta({ pattern: MAILTO }),
        ),
      ),
    },
    { error: 'an object of "url" and "mailto"' },
  )
  .check(
    z.refine((given) => given.url !== undefined || given.mailto !== undefined, {
      error: 'a "url", a "mailto" or both',
    }),
    z.meta({ minProperties: 1 }),
  );

function isHttpsUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') return false;
  return url.href.length <= MAX_URI && !/[<>\s]/.test(text);
}

function isMailto(text: string): boolean {
  const [address = '', query = ''] = text.replace(/^mailto:/i, '').split('?', 2);
  if (!/^[!-;=?-~]*$/.test(text) || !/^[A-Za-z0-9=&%._~!$'()*+,;:@/?-]*$/.test(query)) return false;
  return !('problem' in parseMailbox(text.includes(':') ? decoded(address) : text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
