import type { DeadLetterReason } from './dead-letter.ts';

/**
 * Outcome of an attempt to send a message through a provider, as metrics count it: the kind of result, or the cause of a failure.
 *
 * deferred: a temporary problem of one recipient, such as a full mailbox, or a problem of the Lambda process that made the attempt.
 * sender: the provider does not accept the From address. outage, account and unknown: failures of the provider.
 */
export const ATTEMPT_OUTCOMES = [
  'accepted',
  'throttled',
  'deferred',
  'outage',
  'account',
  'sender',
  'message',
  'recipient',
  'unknown',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/**
 * Conclusion about the provider from each outcome of an attempt. `works`: the provider works. `nothing`: the outcome proves neither
 * health nor a fault. `fault`: the provider is at fault. `failure`: a fault that also counts in the provider's failure rate.
 */
export const SAYS_OF_PROVIDER: Readonly<Record<AttemptOutcome, 'works' | 'nothing' | 'fault' | 'failure'>> = {
  accepted: 'works',
  throttled: 'nothing',
  deferred: 'nothing',
  outage: 'failure',
  account: 'failure',
  sender: 'fault',
  message: 'nothing',
  recipient: 'nothing',
  unknown: 'failure',
};

/**
 * Reasons for which a provider was skipped for a message. Other reasons, such as an isolation by an operator, are not counted.
 *
 * circuit-open: the provider failed, and its circuit breaker lets no message through for a while. waiting: another message
 * is used as a probe of the provider, or an attempt of this Lambda process has just failed; this does not count as a fault, since the
 * provider may only be slow. no-slot: the provider's rate limit is reached.
 */
export const SKIP_OUTCOMES = ['circuit-open', 'waiting', 'no-slot'] as const;
export type SkipOutcome = (typeof SKIP_OUTCOMES)[number];

/** AWS services whose failures can delay mail: DynamoDB (`table`), S3 (`objects`) and SQS (`queues`). */
export const OWN_SERVICES = ['table', 'objects', 'queues'] as const;
export type OwnService = (typeof OWN_SERVICES)[number];

/**
 * Reasons for which a recipient may get a message twice: a provider accepted the message, and an earlier attempt through the same or
 * another provider may also have been successful. `answer-lost`: the answer to the earlier attempt was lost. `server-error`: the answer
 * to the earlier attempt was a server error after the provider had received the whole request.
 */
export const DUPLICATE_OUTCOMES = ['answer-lost', 'server-error'] as const;

/**
 * Outcome that the metric `DeadLettered` uses for each dead-letter reason. Reasons for which the same person has to act share an outcome.
 *
 * The exact reason is in the attributes of the dead letter and in the log. A separate metric for each reason would cost more than it
 * is worth.
 */
export const DEAD_LETTER_OUTCOME = {
  Malformed: 'producer',
  TooLarge: 'producer',
  MissingObject: 'producer',
  IdConflict: 'producer',
  Expired: 'late',
  Exhausted: 'late',
  Refused: 'refused',
  Unknown: 'unknown',
  Crashed: 'crashed',
} as const satisfies Record<DeadLetterReason, string>;

export const DEAD_LETTER_OUTCOMES = [...new Set(Object.values(DEAD_LETTER_OUTCOME))];

/**
 * Outcome of a provider's webhook request with received mail.
 *
 * delivered: the mail was put on the inbound queue. duplicate: an earlier request has already put the mail on the inbound queue.
 * canary: the mail is Mailover's own test message, which is not put on the inbound queue. refused: the signature, password, age or
 * source address shows that the request is not from the provider. replayed: the token of the request was used before, for other
 * content. unreadable: the request is from the provider, but its body is no mail; the body is stored in the S3 bucket. misdirected:
 * the request contains a delivery event instead of a mail. unknown-path: the path of the request belongs to no provider. failed:
 * Mailover could not process the request; the provider sends the request again.
 */
export const INBOUND_OUTCOMES = [
  'delivered',
  'duplicate',
  'canary',
  'refused',
  'replayed',
  'unreadable',
  'misdirected',
  'unknown-path',
  'failed',
] as const;
export type InboundOutcome = (typeof INBOUND_OUTCOMES)[number];

/**
 * Outcome of a provider's webhook request with delivery events, or of a queue message with the events that a provider publishes to a
 * topic.
 *
 * taken: each event is stored and was put on the events queue, by this request or by an earlier request. refused: the path,
 * signature, password, age or source address shows that the request is not from the provider. unusable: the request is from the
 * provider, but contains no events, and the answer makes the provider stop sending it; or the body is larger than 1 MB, and the
 * provider may send the request again. SQS moves an unusable queue message to the dead-letter queue. failed: Mailover could not process
 * the request or the queue message, which is received again.
 */
export const EVENT_REQUEST_OUTCOMES = ['taken', 'refused', 'unusable', 'failed'] as const;
export type EventRequestOutcome = (typeof EVENT_REQUEST_OUTCOMES)[number];

/** Types of delivery events as metrics count them. `unknown`: Mailover's table of the provider's event types does not contain the type. */
export const COUNTED_EVENTS = ['delivered', 'bounced', 'blocked', 'complained', 'unknown'] as const;
export type CountedEvent = (typeof COUNTED_EVENTS)[number];

/**
 * Outcome for a mail that was accepted twice for the same recipient. expected: the record of the submission contains an attempt whose
 * answer was lost, or which failed after the whole request was sent. The sender has then already counted a possible duplicate.
 * unexpected: the record contains no such attempt.
 */
export const SENT_TWICE_OUTCOMES = ['expected', 'unexpected'] as const;
export type SentTwiceOutcome = (typeof SENT_TWICE_OUTCOMES)[number];

/**
 * Reasons for which mail waits even if a provider is available. `paused`: the class of the mail is paused, so the mail waits for all its
 * recipients. `unverified`: the mail waits for the recipients whose address is not verified yet.
 */
export const HELD_OUTCOMES = ['paused', 'unverified'] as const;
export type HeldOutcome = (typeof HELD_OUTCOMES)[number];

/**
 * Results of the daily comparison of a provider's own suppression list with Mailover's suppression list. done: both lists were compared
 * completely. behind: a part of the comparison is left for the next run. doubted: no entry was imported, since the provider suppresses
 * far more addresses, in its events or on its list, than its amount of mail explains. failed: the comparison ended with an error.
 */
export const MIRROR_OUTCOMES = ['done', 'behind', 'doubted', 'failed'] as const;

/**
 * Outcomes of the reconciler. The reconciler is a function that asks providers for received mail that did not reach the inbound queue.
 *
 * Outcomes of a run for one provider: looked: the run checked all mail. behind: the run left a part of the mail to the next run.
 * failed: the provider could not be asked. skipped: the run left out mail that is too old to be fetched.
 *
 * Outcomes for one missing mail: recovered: the complete mail is on the inbound queue now. asked: the provider was asked to post the
 * mail again. notice: the mail could not be fetched completely, so a message with the known fields is on the inbound queue.
 */
export const RECONCILED_OUTCOMES = ['looked', 'behind', 'failed', 'skipped', 'recovered', 'asked', 'notice'] as const;

/**
 * States of submissions, as the daily count of all submissions counts them. waiting: the next attempt is not due yet, or is at most
 * an hour overdue. lost: the next attempt is more than an hour overdue. The queue message of the submission therefore counts
 * as lost.
 */
export const STANDINGS = ['accepted', 'waiting', 'in-flight', 'dead', 'suppressed', 'lost'] as const;
export type Standing = (typeof STANDINGS)[number];
