import type { DeadLetterReason, Problem } from '../contract/dead-letter.ts';
import { againDelay, backoff, MAX_AGE_MS, MAX_DELAY_MS, SOON_MS, unknownDelay } from './backoff.ts';
import { MOST_ATTEMPTS } from './log.ts';
import { ended, type Progress } from './progress.ts';

/** Decision on what happens to a submission after a round of attempts (one run through its providers). */
export type Settlement =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly detail: string };

/**
 * Inputs of {@link settle}, in addition to the progress. All ages and delays are in stack time (which on a local stack may run
 * faster than the clock).
 */
export interface SettleContext {
  /** Time since the submission was first received or last redriven, in milliseconds. */
  readonly ageMs: number;
  /** The message was first received more than five days after it was sent to its present queue. */
  readonly stale?: boolean;
  /**
   * Time until the submission expires, in milliseconds; absent if neither the submission nor its class of mail sets an expiry.
   */
  readonly expiresInMs?: number;
  /**
   * The shortest Retry-After of the round, in milliseconds; set only if every outcome of the round's attempts has a Retry-After.
   */
  readonly retryAfterMs?: number;
  /**
   * Milliseconds after which a skipped provider may be tried again; set only if no provider was called in this round and the time
   * is known.
   */
  readonly againAfterMs?: number;
  /**
   * Another skipped provider may be usable before `againAfterMs`, but the time is not known. Then the usual wait is used if it is
   * shorter.
   */
  readonly orSooner?: true;
  /**
   * Milliseconds since the first of several attempts with an unknown outcome at the same provider; absent if there are no such
   * attempts or the provider was already asked about them.
   */
  readonly unknownMs?: number;
  /** A provider was skipped because this worker could not call it. Then the first wait is only a few seconds. */
  readonly soon?: true;
  /** A provider needs separate calls for groups of the recipients, which takes several rounds. Then the waits grow slowly. */
  readonly unfinished?: true;
  /** A random number in [0, 1). */
  readonly random: number;
}

/** Decides what happens to a submission after a round of attempts. */
export function settle(progress: Progress, context: SettleContext): Settlement {
  if (ended(progress)) return close(progress);
  const {
    ageMs,
    stale = false,
    expiresInMs,
    retryAfterMs,
    againAfterMs,
    orSooner,
    unknownMs,
    soon,
    unfinished,
    random,
  } = context;
  // Providers are asked about unknown outcomes even after the submission has expired. A query sends no mail. If a provider has
  // accepted the message for a recipient, this recipient must not be reported as expired.
  if (progress.recipients.some((one) => one.waiting))
    return {
      kind: 'retry',
      delayMs: Math.max(unknownDelay(random), unknownMs === undefined ? 0 : backoff(unknownMs, random)),
    };
  const leftMs = timeLeft(ageMs, expiresInMs);
  if (leftMs <= 0) return overdue(expiresInMs);
  if (stale) return { kind: 'dead-letter', ...STALE };
  if (progress.log.attempts.length > MOST_ATTEMPTS) return { kind: 'dead-letter', ...TOO_LONG };
  const usual = backoff(unfinished ? ageMs / UNFINISHED_GROWTH : ageMs, random, soon && SOON_MS);
  const again = againAfterMs === undefined ? undefined : againDelay(againAfterMs, random);
  const delayMs =
    again === undefined
      ? Math.max(usual, Math.min(retryAfterMs ?? 0, MAX_DELAY_MS))
      : Math.min(again, orSooner ? usual : again);
  // If the wait would use up all the time left, the submission is retried after half of the time left. For example, a login code
  // that is valid for one minute cannot wait for the usual first minute.
  const shorter = delayMs >= leftMs && leftMs > SHORTEST_MS;
  return { kind: 'retry', delayMs: shorter ? Math.max(SHORTEST_MS, leftMs / 2) : delayMs };
}

/** Shortest wait of a submission that expires soon, in milliseconds. */
const SHORTEST_MS = 10_000;

/** The waits are shorter by this factor while a provider needs separate calls for groups of the recipients. */
const UNFINISHED_GROWTH = 8;

/**
 * Returns the time for which a submission may still be tried, in milliseconds; zero or less if this time is over. Without an
 * expiry, a submission is tried for four days.
 */
export function timeLeft(ageMs: number, expiresInMs: number | undefined): number {
  return expiresInMs ?? MAX_AGE_MS - ageMs;
}

/**
 * Dead-letter reason of a message that no worker received for five days after it was sent. The content of the mail may be out of
 * date.
 */
export const STALE: Problem = {
  reason: 'Exhausted',
  detail: 'it was first received more than five days after it was sent; no provider was tried',
};

/** Dead-letter reason of a submission whose record would become too large for the table. */
const TOO_LONG: Problem = {
  reason: 'Exhausted',
  detail: `no provider accepted it for all recipients, and more than ${MOST_ATTEMPTS} attempts had different results`,
};

/** Returns the decision on a submission that has expired, or that was tried for the longest time allowed. */
export function overdue(expiresInMs: number | undefined): Settlement {
  return expiresInMs === undefined
    ? { kind: 'dead-letter', reason: 'Exhausted', detail: 'no provider accepted it within four days' }
    : {
        kind: 'dead-letter',
        reason: 'Expired',
        detail: 'the time of expiresAt, or the expiry of its class, has passed; it was not sent after this time',
      };
}

function close({ recipients }: Progress): Settlement {
  const number = (end: string) => recipients.filter((one) => one.end === end).length;
  if (number('refused') > 0) {
    const by = [...new Set(recipients.flatMap((one) => (one.end === 'refused' ? one.refusedBy : [])))];
    const share = `${number('refused')} of ${recipients.length} recipients`;
    return {
      kind: 'dead-letter',
      reason: 'Refused',
      detail:
        by.length > 0
          ? `refused by ${by.join(' and ')} for ${share}`
          : `no provider that may be used supports the address of ${share}`,
    };
  }
  if (number('held') > 0) {
    const at = [...new Set(recipients.flatMap((one) => (one.end === 'held' ? one.unknownAt : [])))];
    return {
      kind: 'dead-letter',
      reason: 'Unknown',
      detail: `the answer of ${at.join(' and ')} was lost, and no look-up found the mail; onUnknown is hold`,
    };
  }
  return { kind: 'done' };
}
