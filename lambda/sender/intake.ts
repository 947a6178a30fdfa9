import type { Problem } from '../contract/dead-letter.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import { measureJson } from '../contract/json-bounds.ts';
import type { Submission } from '../contract/submission.ts';
import type { Message } from '../mail/message.ts';
import type { ObjectReference, Objects } from '../platform/object-store.ts';
import { choiceProblem } from '../routing/policy.ts';
import { sharedLinkProblem } from '../routing/unsubscribe.ts';
import { buildMessage } from './build-message.ts';

/** Result of reading a body. */
export type Intake =
  | { readonly kind: 'ready'; readonly submission: Submission; readonly message: Message }
  | { readonly kind: 'problem'; readonly problem: Problem; readonly id?: string; readonly submission?: Submission }
  /** Written for a newer release: another deployment may be able to read it. */
  | { readonly kind: 'future'; readonly version: number; readonly id?: string }
  /** An object could not be read now. */
  | { readonly kind: 'trouble'; readonly error: unknown; readonly id?: string; readonly submission?: Submission };

/** The readable part of a submission that cannot be processed. */
type Known = { readonly id?: string; readonly submission?: Submission };

/**
 * Largest number of bytes read from the bucket for one submission: no provider accepts more than 40 MB, and memory is
 * limited.
 */
const MAX_OBJECT_BYTES = 40_000_000;

const DAY_MS = 24 * 3_600_000;
/** Latest expiry of a submission: queues and the bucket keep nothing longer. */
const MAX_EXPIRY_MS = 14 * DAY_MS;
/** Allowed clock error of producers, in milliseconds. */
const SKEW_MS = 300_000;

let contract: Promise<typeof import('../contract/submission.ts')> | undefined;

/** Loads the schema of submissions, with zod: not part of every process that imports this file. */
function loadContract(): Promise<typeof import('../contract/submission.ts')> {
  contract ??= import('../contract/submission.ts');
  return contract;
}

/** Reads a body, follows its references, and builds the message. */
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
      return malformed('s3: the object holds another pointer; it must hold the submission itself');
  }
  if (read.kind !== 'submission') return read;
  const { submission, contents } = read;
  const id = submission.id ?? fallbackId;
  const known = { id, submission };
  const aheadMs = Date.parse(submission.expiresAt ?? '') - now;
  if (aheadMs > MAX_EXPIRY_MS + SKEW_MS)
    return malformed(
      `expiresAt: given a time ${Math.floor(aheadMs / DAY_MS)} days ahead; it must be at most 14 days ahead`,
      known,
    );
  const problem = choiceProblem(submission, environment) ?? sharedLinkProblem(submission, environment);
  if (problem !== undefined) return malformed(problem, known);
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
      return {
        kind: 'problem',
        ...known,
        problem: {
          reason: 'MissingObject',
          detail: `${field}: no object there; it must be in the mail bucket, and exist until the mail is accepted`,
        },
      };
    if (object === 'too-large')
      return {
        kind: 'problem',
        ...known,
        problem: {
          reason: 'TooLarge',
          detail: `${field}: with what came before it above ${MAX_OBJECT_BYTES} bytes in all; no provider takes more than 40 MB`,
        },
      };
    return object;
  } catch (error) {
    return { kind: 'trouble', error, ...known };
  }
}

function malformed(detail: string, known: Known = {}): Intake {
  return { kind: 'problem', problem: { reason: 'Malformed', detail }, ...known };
}

/** Whether a body refers to objects: such submissions are processed one at a time, since their size is unknown. */
export function isHeavy(body: string): boolean {
  if (!body.includes('"s3"') && !body.includes('\\u')) return false;
  const { namesObject, excess } = measureJson(Buffer.from(body), { depth: 16, parts: 20_000, bytes: body.length * 3 });
  return namesObject || excess !== undefined;
}
