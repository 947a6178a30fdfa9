import { createHash } from 'node:crypto';
import { defined } from '../platform/defined.ts';

/**
 * Data that an attempt puts into custom variables of the mail (tags, metadata or custom arguments at some providers). The
 * provider's events repeat these variables, so each event identifies the submission.
 */
export interface Reference {
  readonly submissionId?: string;
  readonly class?: string;
  readonly attempt?: number;
}

/** Name of the custom variable with the submission's handle, see {@link handleOf}. */
const HANDLE = 'mailover-id';
/**
 * Name of the custom variable with the submission's id. If the id is longer than the provider allows for a value, the variable
 * {@link REST} contains the rest of the id.
 */
const SUBMISSION = 'mailover-submission';
const REST = 'mailover-submission2';
/** Name of the custom variable with the number of the attempt and the class of the mail, such as `2 receipts`. */
const ATTEMPT = 'mailover-attempt';

/**
 * Names of all custom variables that Mailover sets. Metadata of a submission with one of these names is not sent to the provider.
 */
export const REFERENCE_NAMES: ReadonlySet<string> = new Set([HANDLE, SUBMISSION, REST, ATTEMPT]);

/** Returns the handle of a submission: the SHA-256 hash of its id in base64url, 43 characters. */
export function handleOf(submissionId: string): string {
  return createHash('sha256').update(submissionId).digest('base64url');
}

/**
 * Returns the id of a submission for logs. If the id contains `@`, it may be an e-mail address, so the submission's handle is
 * returned instead.
 */
export function loggedId(id: string): string {
  return id.includes('@') ? handleOf(id) : id;
}

/** The fields of a message that its custom variables contain. */
interface Referring {
  readonly id: string;
  readonly handle: string;
  readonly class?: string;
}

/**
 * Returns the custom variables of one attempt, in order. `most` is the largest length of a value in characters. The variable with
 * the number of the attempt and the class is left out if its value is longer. `encode` encodes the values for a provider that
 * allows only few characters.
 */
export function referenceOf(
  message: Referring,
  number: number,
  { most = 256, encode = (text: string) => text }: { most?: number; encode?: (text: string) => string } = {},
): [name: string, value: string][] {
  const id = encode(message.id);
  const attempt = encode(message.class === undefined ? `${number}` : `${number} ${message.class}`);
  return [
    [HANDLE, message.handle],
    [SUBMISSION, id.slice(0, most)],
    ...(id.length > most ? [[REST, id.slice(most)] satisfies [string, string]] : []),
    ...(attempt.length <= most ? [[ATTEMPT, attempt] satisfies [string, string]] : []),
  ];
}

/**
 * Returns the reference in the variables of an event. The reference is empty if the handle in the variables does not match the
 * submission's id.
 */
export function readReference(
  values: Readonly<Record<string, string | undefined>>,
  decode: (text: string) => string = (text) => text,
): Reference {
  const { [HANDLE]: handle, [SUBMISSION]: first = '', [REST]: rest = '', [ATTEMPT]: attempt = '' } = values;
  const submissionId = decode(first + rest);
  if (submissionId === '' || handleOf(submissionId) !== handle) return {};
  const [, number, name] = /^(\d{1,9})(?: (.+))?$/su.exec(decode(attempt)) ?? [];
  return {
    submissionId,
    ...defined({ attempt: Number(number) > 0 ? Number(number) : undefined, class: name }),
  };
}

/** Encodes values to base64url, and decodes them. Every provider allows the characters of base64url. */
export const encoded = {
  encode: (text: string) => Buffer.from(text).toString('base64url'),
  decode: (text: string) => Buffer.from(text, 'base64url').toString('utf8'),
};

/** Returns the submission's metadata in the variables of an event; undefined if the event has none. */
export function metadataIn(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(values).filter(([name]) => !REFERENCE_NAMES.has(name));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}
