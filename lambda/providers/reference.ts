import { createHash } from 'node:crypto';
import { defined } from '../platform/defined.ts';

/** What an attempt carries through the provider, so that its events name the submission. */
export interface Reference {
  readonly submissionId?: string;
  readonly class?: string;
  readonly attempt?: number;
}

/** Identifies the submission of a message, see {@link handleOf}. */
const HANDLE = 'mailover-id';
/** Name of the variable with the submission's id; a provider with short values has the rest in {@link REST}. */
const SUBMISSION = 'mailover-submission';
const REST = 'mailover-submission2';
/** Name of the variable with number and class of the attempt: `2 receipts`. */
const ATTEMPT = 'mailover-attempt';

/** Names of all variables that Mailover sets; metadata cannot have them. */
export const REFERENCE_NAMES: ReadonlySet<string> = new Set([HANDLE, SUBMISSION, REST, ATTEMPT]);

/** SHA-256 of a submission's id, base64url: 43 characters. */
export function handleOf(submissionId: string): string {
  return createHash('sha256').update(submissionId).digest('base64url');
}

/** The id of a submission for logs: its handle if a producer used an address as id. */
export function loggedId(id: string): string {
  return id.includes('@') ? handleOf(id) : id;
}

/** The message of a reference. */
interface Referring {
  readonly id: string;
  readonly handle: string;
  readonly class?: string;
}

/**
 * The variables of one attempt, in order. `most`: the longest value in characters; `encode`: for a provider that allows
 * few characters.
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

/** Reads the variables of an event; empty unless the id belongs to the handle beside it. */
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

/** Letters that every provider allows in a value. */
export const encoded = {
  encode: (text: string) => Buffer.from(text).toString('base64url'),
  decode: (text: string) => Buffer.from(text, 'base64url').toString('utf8'),
};

/** Metadata of the submission among the variables of an event. */
export function metadataIn(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(values).filter(([name]) => !REFERENCE_NAMES.has(name));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}
