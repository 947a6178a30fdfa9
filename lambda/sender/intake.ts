import type { Problem } from '../contract/dead-letter.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import { measureJson } from '../contract/json-bounds.ts';
import type { Submission } from '../contract/submission.ts';
import type { Message } from '../mail/message.ts';
import type { ObjectReference, Objects } from '../platform/object-store.ts';
import { choiceProblem } from '../routing/policy.ts';
import { sharedLinkProblem } from '../routing/unsubscribe.ts';
import { buildMessage } from './build-message.ts';

/** Result of reading the body of a queue message. */
export type Intake =
  | { readonly kind: 'ready'; readonly submission: Submission; readonly message: Message }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly id?: string; readonly submission?: Submission }
  /** The body has a version that only a newer release of Mailover can read. */
  | { readonly kind: 'future'; readonly version: number; readonly id?: string }
  /**
   * An S3 object to which the body refers could not be read because of an error that may be temporary. A later try may succeed.
   */
  | { readonly kind: 'trouble'; readonly error: unknown; readonly id?: string; readonly submission?: Submission };

/** Id and content of a submission that cannot be processed, as far as they could be read. */
type Known = { readonly id?: string; readonly submission?: Submission };

/**
 * Largest number of bytes that are read from the mail bucket for one submission. No provider accepts more than 40 MB, and the
 * memory of the Lambda function is limited.
 */
const MAX_OBJECT_BYTES = 40_000_000;

const DAY_MS = 24 * 3_600_000;
/** Largest time until the `expiresAt` of a submission, in milliseconds. A queue keeps no message for longer than this time. */
const MAX_EXPIRY_MS = 14 * DAY_MS;
/** Largest tolerated error of a producer's clock, in milliseconds. */
const SKEW_MS = 300_000;

let contract: Promise<typeof import('../contract/submission.ts')> | undefined;

/**
 * Loads the schema of submissions, and the library zod, when the schema is used for the first time. They are not loaded with this
 * file, since some processes import this file and never read a body.
 */
function loadContract(): Promise<typeof import('../contract/submission.ts')> {
  contract ??= import('../contract/submission.ts');
  return contract;
}

/**
 * Reads the body of a queue message and the S3 objects to which the body refers, and builds the e-mail message. `fallbackId` is
 * the id of a submission whose body contains no id. `now` is in epoch milliseconds. `redirectTo` is the address to which the mail
 * is sent in place of its recipients.
 */
export async function intake(
  body: string,
  fallbackId: string,
  objects: Objects,
  environment: Pick<SenderEnvironment, 'providers' | 'routes'>,
  now: number,
  redirectTo?: string,
): Promise<Intake> {
  const { readSubmission } = await loadContract();
  let read = readSubmission(body);
  if (read.kind === 'pointer') {
    const object = await fetchObject(objects, read.s3, 's3', MAX_OBJECT_BYTES);
    if (!Buffer.isBuffer(object)) return object;
    read = readSubmission(object);
    if (read.kind === 'pointer')
      return invalid('Malformed', 's3: the object contains another pointer; it must contain the submission itself');
  }
  if (read.kind !== 'submission') return read;
  const { submission, contents } = read;
  const id = submission.id ?? fallbackId;
  const known = { id, submission };
  const aheadMs = Date.parse(submission.expiresAt ?? '') - now;
  if (aheadMs > MAX_EXPIRY_MS + SKEW_MS)
    return invalid(
      'Malformed',
      `expiresAt: given a time ${Math.floor(aheadMs / DAY_MS)} days ahead; it must be at most 14 days ahead`,
      known,
    );
  const problem = choiceProblem(submission, environment) ?? sharedLinkProblem(submission, environment);
  if (problem !== undefined) return invalid('Malformed', problem, known);
  const attachments: Buffer[] = [];
  let left = MAX_OBJECT_BYTES;
  for (const [place, attachment] of (submission.attachments ?? []).entries()) {
    const content =
      contents.get(place) ??
      (await fetchObject(objects, attachment.s3 as ObjectReference, `attachments[${place}].s3`, left, known));
    if (!Buffer.isBuffer(content)) return content;
    left -= content.length;
    attachments.push(content);
  }
  const built = buildMessage(submission, { id, attachments, now: new Date(now), redirectTo });
  return 'problem' in built
    ? { kind: 'problem', problem: built.problem, ...known }
    : { kind: 'ready', submission, message: built.message };
}

async function fetchObject(
  objects: Objects,
  reference: ObjectReference,
  field: string,
  maxBytes: number,
  known: Known = {},
): Promise<Buffer | Intake> {
  try {
    const object = await objects.read(reference, maxBytes);
    if (object === 'missing')
      return invalid(
        'MissingObject',
        `${field}: no object there; it must be in the mail bucket, and exist until the mail is accepted`,
        known,
      );
    if (object === 'too-large')
      return invalid(
        'TooLarge',
        `${field}: more than ${MAX_OBJECT_BYTES} bytes together with the objects before it; no provider accepts more than 40 MB`,
        known,
      );
    return object;
  } catch (error) {
    return { kind: 'trouble', error, ...known };
  }
}

function invalid(reason: Problem['reason'], detail: string, known: Known = {}): Intake {
  return { kind: 'problem', problem: { reason, detail }, ...known };
}

/**
 * Whether a body refers to S3 objects, or may refer to them: a body above the limits of `measureJson` is not searched completely.
 * Such submissions are processed one at a time, since the size of the objects is unknown, and several large objects could fill
 * the memory.
 */
export function isHeavy(body: string): boolean {
  if (!body.includes('"s3"') && !body.includes('\\u')) return false;
  const { namesObject, excess } = measureJson(Buffer.from(body), { depth: 16, parts: 20_000, bytes: body.length * 3 });
  return namesObject || excess !== undefined;
}
