/** Why a message is in the dead-letter queue; the value of its `Reason` attribute. */
export const DEAD_LETTER_REASONS = [
  'Malformed',
  'TooLarge',
  'MissingObject',
  'IdConflict',
  'Expired',
  'Refused',
  'Unknown',
  'Exhausted',
  'Crashed',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** Why something cannot go on; `detail` is a sentence without any address or content. */
export interface Problem {
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** String attributes of a message that Mailover itself puts on the dead-letter queue; one moved by SQS has none. */
export const DEAD_LETTER_ATTRIBUTE = {
  reason: 'Reason',
  detail: 'Detail',
  submissionId: 'SubmissionId',
  attempts: 'Attempts',
  firstSeen: 'FirstSeen',
  lastProvider: 'LastProvider',
} as const;

/** String attribute of every message that Mailover itself puts on a queue for the sender to come back to. */
export const LETTER_ATTRIBUTE = { proof: 'Proof' } as const;

/** String attributes of a message on a retry queue; with the proof at most ten, as SQS allows no more. */
export const RETRY_ATTRIBUTE = {
  submissionId: 'SubmissionId',
  firstSeen: 'FirstSeen',
  life: 'Life',
  notBefore: 'NotBefore',
  attempts: 'Attempts',
  provider: 'Provider',
  done: 'Done',
  history: 'History',
  worker: 'Worker',
} as const;

/**
 * What the proof of a letter is over, beside its body: all attributes that the sender believes. On the outbound queue,
 * where producers send, they count only with their proof.
 */
export const PROVEN_ATTRIBUTES: readonly string[] = [DEAD_LETTER_ATTRIBUTE.reason, ...Object.values(RETRY_ATTRIBUTE)];

/** What a submission may be called. */
export const SUBMISSION_ID = /^[A-Za-z0-9._:@/-]{1,128}$/;

/** Begins the names of canaries, Mailover's own mail; no producer's id may. */
export const CANARY_PREFIX = 'mailover-canary:';

/**
 * Makes any text legal as an SQS string attribute: printable ASCII, at most `max` characters, never empty.
 * SQS refuses the whole message for an empty value or for a character outside XML's.
 */
export function asciiAttribute(text: string, max: number): string {
  const legal = text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim()
    .slice(0, max);
  return legal === '' ? '-' : legal;
}
