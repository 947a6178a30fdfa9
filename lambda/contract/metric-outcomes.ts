import type { DeadLetterReason } from './dead-letter.ts';

/**
 * Outcome of an attempt as it is counted: its kind, and what it blames.
 *
 * deferred: a temporary problem of one recipient, such as a full mailbox. sender: a From address that the provider does
 * not accept. outage, account and unknown count against the provider.
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
 * What an outcome says of its provider. `fault`: something is wrong at the provider. `failure`: a fault that also counts in
 * the failure rate.
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
 * Why a message was not offered to a provider.
 *
 * circuit-open: the provider failed, and nothing is sent to it for a while. waiting: another message is probing it, or
 * its probe has just failed; a slow provider is not a failing one. no-slot: its rate is used up.
 */
export const SKIP_OUTCOMES = ['circuit-open', 'waiting', 'no-slot'] as const;
export type SkipOutcome = (typeof SKIP_OUTCOMES)[number];

/** Our own services whose failures can delay mail. */
export const OWN_SERVICES = ['table', 'objects', 'queues'] as const;
export type OwnService = (typeof OWN_SERVICES)[number];

/**
 * Why a provider may have accepted a message that another one accepted later: its answer was lost, or it failed after it
 * had the whole request.
 */
export const DUPLICATE_OUTCOMES = ['answer-lost', 'server-error'] as const;

/**
 * Outcome of a dead letter as it is counted: by who has to act, not by its reason.
 *
 * The reason is in the attributes of the message and in the log; a metric for each reason would cost more than it is
 * worth.
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
 * Outcome of a request with received mail.
 *
 * delivered: on the inbound queue. duplicate: it was there before. canary: our own test message, which is not passed on.
 * refused: not from the provider, by signature, password, age or address. replayed: a used token with other content.
 * unreadable: genuine, but no mail; kept in the bucket. misdirected: an event. unknown-path: the path belongs to no
 * provider. failed: a failure of ours; the provider tries again.
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
 * Outcome of a request with delivery events.
 *
 * taken: each event is kept and on the events queue, or was before. refused: not from the provider, by path, signature,
 * password, age or address. unusable: genuine, but no events; answered so that the provider does not repeat it, except a
 * body above 1 MB. failed: a failure of ours; the provider tries again.
 */
export const EVENT_REQUEST_OUTCOMES = ['taken', 'refused', 'unusable', 'failed'] as const;
export type EventRequestOutcome = (typeof EVENT_REQUEST_OUTCOMES)[number];

/** Delivery events as they are counted; `unknown`: a type that the table of the provider lacks. */
export const COUNTED_EVENTS = ['delivered', 'bounced', 'blocked', 'complained', 'unknown'] as const;
export type CountedEvent = (typeof COUNTED_EVENTS)[number];

/**
 * Second acceptances of one mail for one recipient. expected: the record has a lost answer, or a failure after the whole
 * request, which the sender counted as a possible duplicate. unexpected: it has none.
 */
export const SENT_TWICE_OUTCOMES = ['expected', 'unexpected'] as const;
export type SentTwiceOutcome = (typeof SENT_TWICE_OUTCOMES)[number];

/** Why recipients wait although a provider could be tried: their class is paused, or no mail of it has reached them yet. */
export const HELD_OUTCOMES = ['paused', 'unverified'] as const;
export type HeldOutcome = (typeof HELD_OUTCOMES)[number];

/** Results of a daily run over the own list of a provider: all is equal, a part is left for the next run, nothing was taken over, or the provider could not be asked. */
export const MIRROR_OUTCOMES = ['done', 'behind', 'doubted', 'failed'] as const;

/**
 * Counts of the reconciler. looked: a run that checked everything. behind: one that continues in the next run. failed:
 * the provider could not be asked. skipped: a run that left out mail too old to be fetched. recovered: mail that had not
 * arrived, and is on the queue now. asked: mail that the provider posts again. notice: mail of which only what is known
 * is on the queue.
 */
export const RECONCILED_OUTCOMES = ['looked', 'behind', 'failed', 'skipped', 'recovered', 'asked', 'notice'] as const;

/**
 * What a submission that was taken from a queue counts as in an account. waiting: its next try is not more than an hour
 * overdue. lost: none of the others, so its message is gone.
 */
export const STANDINGS = ['accepted', 'waiting', 'in-flight', 'dead', 'suppressed', 'lost'] as const;
export type Standing = (typeof STANDINGS)[number];
