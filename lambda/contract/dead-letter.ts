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

/** Longest `Detail`, in characters. */
export const MAX_DEAD_LETTER_DETAIL = 1_000;

/** Why a submission cannot continue; `detail` is a sentence without addresses or content. */
export interface Problem {
  readonly reason: DeadLetterReason;
  readonly detail: string;
}

/** String attributes of a message that Mailover sends to the dead-letter queue; one moved by SQS has none. */
export const DEAD_LETTER_ATTRIBUTE = {
  reason: 'Reason',
  detail: 'Detail',
  submissionId: 'SubmissionId',
  attempts: 'Attempts',
  firstSeen: 'FirstSeen',
  lastProvider: 'LastProvider',
} as const;

/** String attribute of every message that Mailover sends to a queue and that the sender may receive again. */
export const PROOF_ATTRIBUTE = { proof: 'Proof' } as const;

/** String attributes of a message on a retry queue; with the proof at most ten, the limit of SQS. */
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
 * Attributes that the proof covers, in addition to the body: all that the sender trusts. On the outbound queue, where producers
 * send, they are ignored without a proof.
 */
export const PROVEN_ATTRIBUTES: readonly string[] = [DEAD_LETTER_ATTRIBUTE.reason, ...Object.values(RETRY_ATTRIBUTE)];

/** Form of a submission id. */
export const SUBMISSION_ID = /^[A-Za-z0-9._:@/-]{1,128}$/;

/** Prefix of the ids of canaries; no producer's id may have it. */
export const CANARY_PREFIX = 'mailover-canary:';

/**
 * Turns any text into a valid SQS string attribute: printable ASCII, at most `max` characters, never empty. SQS refuses
 * the whole message for an empty value or for a character that XML does not allow.
 */
export function asciiAttribute(text: string, max: number): string {
  const legal = text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim()
    .slice(0, max);
  return legal === '' ? '-' : legal;
}
