import * as z from 'zod/mini';
import { BASE64, cutContents } from './attachment-contents.ts';
import { CANARY_PREFIX, type Problem, SUBMISSION_ID } from './dead-letter.ts';
import { described } from './described.ts';
import { measureJson } from './json-bounds.ts';
import { decodedString, type JsonFault, type JsonPath, type JsonString, scanJson } from './json-text.ts';
import * as field from './submission-fields.ts';
import { describeProblem, describeShape, fieldName, harmlessIn } from './validation-errors.ts';

export type { Problem };

/** Newest version of submissions that this code can read. */
const SUBMISSION_VERSION = 1;

const version = z.literal(SUBMISSION_VERSION, { error: `the number ${SUBMISSION_VERSION}` });
const body = (name: string) => z.string({ error: `the ${name} body` });

/** Zod schema of a submission as producers send it. The committed JSON Schema is generated from this zod schema. */
export const submissionSchema = z
  .strictObject(
    {
      version,
      id: z.exactOptional(
        field.ownId.check(
          described(
            'Id that the producer chooses. If the producer sends the same submission again, it must use the same id. Default: the SQS message id.',
          ),
        ),
      ),
      class: z.exactOptional(
        field
          .oneLine('a class', 1, 64)
          .check(described('Kind of mail. Selects the configured route of this class, if there is one.')),
      ),
      from: field.mailbox,
      to: z.exactOptional(field.mailboxes),
      cc: z.exactOptional(field.mailboxes),
      bcc: z.exactOptional(field.mailboxes),
      replyTo: z.exactOptional(field.mailboxes),
      subject: z.exactOptional(field.oneLine('a subject', 0, 2000)),
      text: z.exactOptional(body('text')),
      html: z.exactOptional(body('HTML')),
      headers: z.exactOptional(
        field.headers.check(
          z.refine((headers) => Object.keys(headers).length <= 100, { error: 'at most 100 headers' }),
          z.meta({
            description:
              'Custom headers, each at most once; the letter case of the names is ignored. Headers that Mailover or a provider writes are refused.',
            maxProperties: 100,
          }),
        ),
      ),
      attachments: z.exactOptional(
        z
          .array(field.attachment, { error: 'a list of attachments' })
          .check(z.maxLength(100, { error: 'a list of at most 100 attachments' })),
      ),
      tracking: z.exactOptional(
        field.tracking.check(
          described(
            'Whether providers may track that the mail is opened or its links are clicked. Default: as in the route of its class, otherwise no.',
          ),
        ),
      ),
      calendar: z.exactOptional(field.calendar),
      tag: z.exactOptional(field.oneLine('a tag', 1, 128)),
      metadata: z.exactOptional(field.metadata),
      unsubscribe: z.exactOptional(field.unsubscribe),
      expiresAt: z.exactOptional(
        z.iso
          .datetime({ offset: true, error: 'an ISO 8601 time with its offset, such as 2026-12-01T00:00:00Z' })
          .check(
            described(
              'Time after which the mail is not sent any more, but dead-lettered as Expired; at most 14 days ahead.',
            ),
          ),
      ),
      onUnknown: z.exactOptional(
        z
          .enum(['ask', 'failover', 'hold'], { error: '"ask", "failover" or "hold"' })
          .check(
            described(
              'Treatment of the message when a provider may have accepted it although its answer was lost. Default: as in the route of its class, otherwise ask.',
            ),
          ),
      ),
      supersedes: z.exactOptional(
        field.id.check(
          described(
            'Id of an earlier submission that is sent again. Providers that accepted the earlier submission, or may have accepted it, are tried last.',
          ),
        ),
      ),
      providers: z.exactOptional(
        z.strictObject(
          {
            only: z.exactOptional(
              z
                .array(field.providerKey, { error: 'a list of provider keys' })
                .check(
                  z.minLength(1, { error: 'at least one provider key, or no "only"' }),
                  z.maxLength(100, { error: 'a list of at most 100 provider keys' }),
                  described('The only providers that may be tried, in this order.'),
                ),
            ),
            except: z.exactOptional(
              z
                .array(field.providerKey, { error: 'a list of provider keys' })
                .check(z.maxLength(100, { error: 'a list of at most 100 provider keys' })),
            ),
          },
          { error: 'an object of "only" and "except"' },
        ),
      ),
    },
    { error: 'a JSON object' },
  )
  .check(
    z.refine(({ to = [], cc = [], bcc = [] }) => to.length + cc.length + bcc.length > 0, {
      error: 'at least one recipient in "to", "cc" or "bcc"',
      path: ['to'],
    }),
    z.refine(({ text, html }) => Boolean(text) || Boolean(html), {
      error: 'a "text" or an "html" body',
      path: ['text'],
    }),
    z.meta({
      title: 'Submission',
      allOf: [
        { anyOf: ['to', 'cc', 'bcc'].map((name) => ({ required: [name], properties: { [name]: { minItems: 1 } } })) },
        { anyOf: ['text', 'html'].map((name) => ({ required: [name], properties: { [name]: { minLength: 1 } } })) },
      ],
    }),
  );

/** Zod schema of a pointer: the message that a producer sends to the queue if the submission itself is too large for the queue. */
export const pointerSchema = z
  .strictObject({ version, s3: field.s3Reference }, { error: 'a JSON object' })
  .check(z.meta({ title: 'Pointer', description: 'The submission is the content of this object.' }));

export type Submission = z.infer<typeof submissionSchema>;
/** One entry of `attachments`. The bytes of the attachment are in `content`, or in an S3 bucket. */
export type SubmissionAttachment = NonNullable<Submission['attachments']>[number];
/** Location of an S3 object to which a submission refers. */
export type S3Reference = z.infer<typeof field.s3Reference>;

/**
 * Result of reading a message body. `future`: the message has a newer version than this code can read. The message then stays on its
 * queue, since a newer release of Mailover may be deployed soon. If none is deployed in time, the message is dead-lettered.
 */
export type ReadResult =
  | {
      readonly kind: 'submission';
      /** The given submission, except that the `content` of each attachment is replaced by the SHA-256 of its bytes, in base64. */
      readonly submission: Submission;
      /** The bytes of the attachments that have a `content`, by the index of the attachment. */
      readonly contents: ReadonlyMap<number, Buffer>;
    }
  | { readonly kind: 'pointer'; readonly s3: S3Reference }
  | { readonly kind: 'future'; readonly version: number; readonly id?: string }
  /** `id`: the submission id in the message body; absent if the body contains no valid id. */
  | { readonly kind: 'problem'; readonly problem: Problem; readonly id?: string };

/** Limits of a whole message for `measureJson`. The depth and the number of parts are unlimited here, since `scanJson` checks them. */
const LIMITS = { depth: Number.POSITIVE_INFINITY, parts: Number.POSITIVE_INFINITY, bytes: 20_000_000 };

const TOO_LARGE: Problem = {
  reason: 'TooLarge',
  detail: `the message: more than ${LIMITS.bytes} bytes without the content of attachments; no provider accepts a mail of that size`,
};

/**
 * Reads the body of a queue message, or the content of the S3 object that a pointer names. Never throws. Attachments are decoded in
 * place, so a large attachment is in memory only once. The decoded attachments overwrite the bytes of a given Buffer.
 */
export function readSubmission(body: string | Buffer): ReadResult {
  const bytes = withoutMark(typeof body === 'string' ? Buffer.from(body) : body);
  const strings: JsonString[] = [];
  const ids: string[] = [];
  const fault = scanJson(bytes, (value) => {
    if (isContent(value.path)) strings.push(value);
    if (value.path.length === 1 && value.path[0] === 'id') ids.push(idIn(bytes, value));
  });
  const read = readScanned(bytes, strings, fault);
  const [id = ''] = ids;
  const known = ids.length === 1 && SUBMISSION_ID.test(id) && !id.startsWith(CANARY_PREFIX);
  return (read.kind === 'problem' || read.kind === 'future') && known ? { ...read, id } : read;
}

/**
 * Returns the id in a JSON string. Escapes are decoded, since some JSON libraries escape a slash. Returns an empty text if the string
 * cannot be an id.
 */
function idIn(bytes: Buffer, { start, end }: JsonString): string {
  return end - start > MAX_ESCAPED_ID ? '' : (decodedString(bytes.subarray(start - 1, end + 1)) ?? '');
}

/** Largest length of an id in JSON: 128 characters, each of which can be written as an escape such as `\u0061`. */
const MAX_ESCAPED_ID = 768;

function readScanned(bytes: Buffer, strings: readonly JsonString[], fault: JsonFault | undefined): ReadResult {
  if (fault)
    return malformed(`${fieldName(fault.path, harmlessIn(bytes))}: ${fault.given}; expected ${fault.expected}`);
  if (bytes.length > LIMITS.bytes && measureJson(bytes, LIMITS).excess) return { kind: 'problem', problem: TOO_LARGE };
  const cut = cutContents(bytes, strings);
  if ('invalid' in cut) {
    const { path, start, end } = cut.invalid;
    return malformed(`${fieldName(path)}: given a string of ${end - start} characters; expected ${BASE64}`);
  }
  let given: unknown;
  try {
    given = JSON.parse(cut.rest);
  } catch {
    return malformed(
      `the message: given ${bytes.length} byte${bytes.length === 1 ? '' : 's'} of what is not JSON; expected a JSON object`,
    );
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return malformed(`the message: given ${describeShape(given)}; expected a JSON object`);
  }
  const { version: stated } = given as { version?: unknown };
  if (typeof stated === 'number' && Number.isInteger(stated) && stated > SUBMISSION_VERSION) {
    return { kind: 'future', version: stated };
  }
  if (Object.hasOwn(given, 's3')) {
    const pointer = z.safeParse(pointerSchema, given);
    return pointer.success
      ? { kind: 'pointer', s3: pointer.data.s3 }
      : malformed(describeProblem(pointer.error.issues, given));
  }
  const submission = z.safeParse(submissionSchema, given);
  return submission.success
    ? { kind: 'submission', submission: submission.data, contents: cut.contents }
    : malformed(describeProblem(submission.error.issues, given));
}

/**
 * Removes a byte order mark at the start of the text. Some editors and programming languages write this mark, and RFC 8259 section 8.1
 * allows parsers to ignore it.
 */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isContent([field, , name, ...more]: JsonPath): boolean {
  return field === 'attachments' && name === 'content' && more.length === 0;
}

function malformed(detail: string): ReadResult {
  return { kind: 'problem', problem: { reason: 'Malformed', detail } };
}
