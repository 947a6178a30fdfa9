/** Reasons for which a message is in the dead-letter queue. The message attribute `Reason` has one of these values. */
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

/** Largest length of the message attribute `Detail`, in characters. */
export const MAX_DEAD_LETTER_DETAIL = 1_000;

/** Reason for which a submission cannot be sent. `detail` is a sentence that contains no address and no content of the mail. */
export interface Problem {
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** String attributes of a message that Mailover sends to the dead-letter queue. A message that SQS itself moves to this queue has none of them. */
export const DEAD_LETTER_ATTRIBUTE = {
  reason: 'Reason',
  detail: 'Detail',
  submissionId: 'SubmissionId',
  attempts: 'Attempts',
  firstSeen: 'FirstSeen',
  lastProvider: 'LastProvider',
} as const;

/**
 * String attribute with an HMAC, the proof of origin. Mailover adds this attribute to each message that it puts on a queue of the sender
 * function. The sender function recognises Mailover's own messages by the HMAC.
 */
export const PROOF_ATTRIBUTE = { proof: 'Proof' } as const;

/** String attributes of a message on a retry queue. Together with `Proof`, the message has ten attributes: SQS allows no more. */
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
 * All attributes that the sender function trusts. The proof of origin (an HMAC) is computed from the message body and these
 * attributes. Producers can send to the outbound queue. Therefore the sender ignores these attributes on messages of the outbound
 * queue unless the proof is valid.
 */
export const PROVEN_ATTRIBUTES: readonly string[] = [DEAD_LETTER_ATTRIBUTE.reason, ...Object.values(RETRY_ATTRIBUTE)];

/** Pattern of a valid submission id. */
export const SUBMISSION_ID = /^[A-Za-z0-9._:@/-]{1,128}$/;

/** Prefix of the submission ids of canaries. An id that a producer sets must not begin with this prefix. */
export const CANARY_PREFIX = 'mailover-canary:';

/**
 * Converts any text to a valid value of an SQS string attribute: printable ASCII, at most `max` characters, never empty. SQS refuses
 * the whole message if a value is empty or contains a character that XML does not allow.
 */
export function asciiAttribute(text: string, max: number): string {
  const legal = text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim()
    .slice(0, max);
  return legal === '' ? '-' : legal;
}
