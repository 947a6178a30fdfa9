import * as z from 'zod/mini';
import { parseMailbox } from '../mail/address.ts';
import { STRUCTURED } from '../mail/header-kinds.ts';
import { headerProblem } from '../mail/header-line.ts';
import { ADDRESS, BASE64_SCHEMA, HTTPS_URL, ignoringCase, MAILTO, ONE_LINE, SOME_LINE } from '../mail/patterns.ts';
import { BASE64, isBase64 } from './attachment-contents.ts';
import { CANARY_PREFIX, SUBMISSION_ID } from './dead-letter.ts';
import { HEADER_NAME_PATTERN, headerNameProblem } from './header-names.ts';

// Every `error` below describes the expected value. `describeProblem` adds the name of the field and the shape of the given value.

// Matches C0 control characters and DEL, which end or change a header. Also matches certain pairs of letters: a mail program that cuts
// characters to 8 bits turns such a pair into CR LF. One such letter alone is harmless, since Mailover encodes it. It is allowed, since it
// occurs in ordinary Czech or Chinese text.
const BREAKS_A_LINE = /[\p{Cc}--[\u0080-\u009f]]|[\u010d\u560d][\u010a\u560a]/v;

/** Returns a zod schema for text of one line that can safely be written in a header. */
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
/** Schema of a submission id that a producer sets. The id must not begin with the prefix of canary ids. */
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
      'Exactly one address, without a name: local part, @, domain. The pattern allows fewer addresses than Mailover, since it cannot express ' +
      'all rules: write a long domain, or one in other scripts than Latin, Greek, Cyrillic, Chinese, Japanese or Korean, as A-labels.',
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
    z.meta({ description: 'Returned in delivery events, if the provider supports it.', maxProperties: 50 }),
  );

// Matches S3 object keys that begin with `submissions/`, and contain no `.` and `..` segments. Other prefixes of the same bucket
// contain received mail and Mailover's own objects.
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
  // `cutContents` has already refused invalid contents, and replaced valid contents by their SHA-256 in base64, which passes this check.
  z.refine((text) => isBase64(text), { error: BASE64 }),
  z.meta(BASE64_SCHEMA),
);

/** Characters that reverse the direction of text. They can disguise the extension of a file: `a\u202efdp.exe` is shown as `aexe.pdf`. */
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
  {
    opens: flag('the provider records that the mail was opened'),
    clicks: flag('the provider records clicks on links'),
  },
  { error: 'an object of "opens" and "clicks"' },
);

/** Methods of calendar messages that RFC 5546 section 1.4 defines. */
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
    // Mail programs ignore an invitation that states two different methods (RFC 6047 section 2.4).
    z.refine(({ method, content }) => !new RegExp(otherMethod(method)).test(content), {
      error: 'the same method as in the line METHOD of "content"',
      path: ['method'],
    }),
    z.meta({
      description:
        'An invitation or another calendar message. The mail contains it as an alternative to the text and as the file invite.ics. Providers that cannot send such a message are skipped.',
      allOf: METHODS.map((method) => ({
        if: { properties: { method: { const: method } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { properties: { content: { not: { pattern: otherMethod(method) } } } },
      })),
    }),
  );

// Largest length of a URI in the field `unsubscribe`. The URI is written on one header line: it is not folded and not encoded.
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
