import * as z from 'zod/mini';
import { parseMailbox } from '../mail/address.ts';
import { SUBMISSION_ID } from './dead-letter.ts';
import { HEADER_NAME, headerNameProblem } from './header-names.ts';

// Every `error` below says what would be right; `explain` puts the field and the shape of what was given before it.

// C0 controls and DEL end or bend a header. The pairs become CR LF in a client that cuts characters to 8 bits; one of
// these letters alone is everyday Czech or Chinese, and harmless since all that Mailover composes is encoded.
const BREAKS_A_LINE = /[\p{Cc}--[\u0080-\u009f]]|[\u010d\u560d][\u010a\u560a]/v;

/** Text of one line, safe in a header. */
export const line = (expected: string, min: number, max: number) => {
  const error = `${expected}, ${min} to ${max} characters`;
  return z.string({ error }).check(
    z.minLength(min, { error }),
    z.maxLength(max, { error }),
    z.refine((text) => !BREAKS_A_LINE.test(text), { error: `${expected} without line breaks or control characters` }),
    z.meta({ pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
  );
};

const matching = (pattern: RegExp, error: string) => z.string({ error }).check(z.regex(pattern, { error }));

export const id = matching(SUBMISSION_ID, '1 to 128 characters of A-Z a-z 0-9 . _ : @ / -');
export const providerKey = matching(/^[a-z][a-z0-9-]{0,31}$/, 'the key of a configured provider');

const address = z.string({ error: 'one address' }).check(
  z.maxLength(1000, { error: 'one address of at most 254 octets' }),
  z.refine((text) => !('problem' in parseMailbox(text)), {
    error: ({ input }) => {
      const parsed = typeof input === 'string' ? parseMailbox(input) : undefined;
      return parsed && 'problem' in parsed ? parsed.problem : 'one address';
    },
  }),
  z.meta({ description: 'Exactly one address, without a name: local part, @, domain.', pattern: '^.+@[^@]+$' }),
);

const MAILBOX = 'an address, or an object of "name" and "address"';
export const mailbox = z.union(
  [address, z.strictObject({ name: z.exactOptional(line('a name', 0, 1000)), address }, { error: MAILBOX })],
  { error: MAILBOX },
);
export const mailboxes = z
  .array(mailbox, { error: 'a list of addresses' })
  .check(z.maxLength(1000, { error: 'a list of at most 1000 addresses' }));

export const headers = z.record(
  z.string().check(
    z.meta({ pattern: HEADER_NAME.source }),
    z.refine((name) => headerNameProblem(name) === undefined, {
      error: ({ input }) => headerNameProblem(String(input)) ?? 'a header name',
    }),
  ),
  line('a header value', 1, 8000),
  { error: 'an object from header name to value' },
);

export const metadata = z
  .record(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of 1 to 64 characters of A-Z a-z 0-9 . _ -'),
    line('a metadata value', 0, 1000),
    { error: 'an object from name to text' },
  )
  .check(
    z.refine((entries) => Object.keys(entries).length <= 50, { error: 'at most 50 entries' }),
    z.meta({ description: 'Comes back with delivery events where the provider keeps it.', maxProperties: 50 }),
  );

export const s3Reference = z.strictObject(
  {
    bucket: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    key: z
      .string({ error: 'an object key' })
      .check(z.minLength(1, { error: 'an object key' }), z.maxLength(1024, { error: 'an object key' })),
  },
  { error: 'an object of "bucket" and "key"' },
);

// Encoding again is the strict check: Node skips what is not base64, and forgives padding and loose last bits.
const base64 = z.string({ error: 'base64' }).check(
  z.refine((text) => text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text, {
    error: 'canonical base64 (A-Z a-z 0-9 + /, padded with =, no line breaks)',
  }),
  z.meta({ contentEncoding: 'base64' }),
);

const TYPE =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(?: ?; ?[A-Za-z0-9-]+=(?:[A-Za-z0-9!#$&^_.+-]+|"[ !#-[\]-~]*"))*$/;

export const attachment = z
  .strictObject(
    {
      filename: line('a file name', 1, 255),
      contentType: matching(TYPE, 'a media type such as application/pdf').check(
        z.maxLength(255, { error: 'a media type of at most 255 characters' }),
        z.refine((type) => !/^multipart\//i.test(type), { error: 'a media type other than multipart' }),
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

// Each stands unbroken on one header line, and no encoding may be put around it.
const MAX_URI = 800;

export const unsubscribe = z
  .strictObject(
    {
      url: z.exactOptional(
        line('an https URL', 1, MAX_URI).check(
          z.refine(isHttpsUrl, { error: `an https URL without a user name, at most ${MAX_URI} characters as ASCII` }),
          z.meta({ description: 'Takes the one-click POST of RFC 8058.' }),
        ),
      ),
      mailto: z.exactOptional(
        line('an address or a mailto URI', 1, MAX_URI).check(
          z.refine(isMailto, { error: 'an ASCII address, or a mailto URI of one' }),
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
