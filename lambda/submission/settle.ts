import type { DeadLetterReason, Problem } from '../contract/dead-letter.ts';
import { againDelay, backoff, MAX_AGE_MS, MAX_DELAY_MS, SOON_MS, unknownDelay } from './backoff.ts';
import { MOST_ATTEMPTS } from './log.ts';
import { ended, type Progress } from './progress.ts';

/** Decision on a submission after a round. */
export type Settlement =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly detail: string };

/** Inputs of the decision, apart from the progress; ages and delays are in stack time. */
export interface SettleContext {
  /** Time since the first receive, in milliseconds. */
  readonly ageMs: number;
  /** The message was first received more than five days after it was sent. */
  readonly stale?: boolean;
  /** Time until `expiresAt`, in milliseconds; absent if the submission has none. */
  readonly expiresInMs?: number;
  readonly retryAfterMs?: number;
  /** No provider was tried; a skipped one may be tried after this many milliseconds. */
  readonly againAfterMs?: number;
  /** Another skipped provider may be usable earlier, at an unknown time: use the shorter of the two waits. */
  readonly orSooner?: true;
  /** Time since the first of several unknown answers of the same provider, in milliseconds. */
  readonly doubtMs?: number;
  /** A provider was skipped because a service of our own failed: the first wait is some seconds. */
  readonly soon?: true;
  /** A provider is being offered the recipients in smaller groups, which each round continues: the waits grow slowly. */
  readonly unfinished?: true;
  /** A random number in [0, 1). */
  readonly random: number;
}

/** Decides what happens to a submission after a round. */
export function settle(progress: Progress, context: SettleContext): Settlement {
  if (ended(progress)) return close(progress);
  const {
    ageMs,
    stale = false,
    expiresInMs,
    retryAfterMs,
    againAfterMs,
    orSooner,
    doubtMs,
    soon,
    unfinished,
    random,
  } = context;
  // Also after the time is up: asking a provider sends nothing, and a recipient who was served must not be reported as
  // expired.
  if (progress.recipients.some((one) => one.waiting))
    return {
      kind: 'retry',
      delayMs: Math.max(unknownDelay(random), doubtMs === undefined ? 0 : backoff(doubtMs, random)),
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
  // Near its end a submission is retried more often, each time after half of the time left, since a login code that is
  // valid for two minutes cannot wait for one.
  const shorter = delayMs >= leftMs && leftMs > SHORTEST_MS;
  return { kind: 'retry', delayMs: shorter ? Math.max(SHORTEST_MS, leftMs / 2) : delayMs };
}

const SHORTEST_MS = 10_000;

/** The waits of a submission that is offered in smaller groups are this many times shorter. */
const UNFINISHED_GROWTH = 8;

/** Time in which a submission may still be tried, in milliseconds; zero or less when it is overdue. */
export function timeLeft(ageMs: number, expiresInMs: number | undefined): number {
  return expiresInMs ?? MAX_AGE_MS - ageMs;
}

/** Reason to end a message that was not received for days: its content may be out of date. */
export const STALE: Problem = {
  reason: 'Exhausted',
  detail: 'it was first received more than five days after it was sent; no provider was tried',
};

/** Reason to end a message whose record would become too large for the table. */
const TOO_LONG: Problem = {
  reason: 'Exhausted',
  detail: `no provider accepted it for all recipients, and more than ${MOST_ATTEMPTS} attempts had different results`,
};

/** The end of a submission whose time is up. */
export function overdue(expiresInMs: number | undefined): Settlement {
  return expiresInMs === undefined
    ? { kind: 'dead-letter', reason: 'Exhausted', detail: 'no provider accepted it within four days' }
    : {
        kind: 'dead-letter',
        reason: 'Expired',
        detail: 'expiresAt, or the time that its class has, is over; it was not sent after that',
      };
}

function close({ recipients }: Progress): Settlement {
  const number = (end: string) => recipients.filter((one) => one.end === end).length;
  if (number('refused') > 0) {
    const by = [...new Set(recipients.flatMap((one) => (one.end === 'refused' ? one.refusedBy : [])))];
    const whom = `${number('refused')} of ${recipients.length} recipients`;
    return {
      kind: 'dead-letter',
      reason: 'Refused',
      detail:
        by.length > 0
          ? `refused by ${by.join(' and ')} for ${whom}`
          : `no provider that may be used can carry the address of ${whom}`,
    };
  }
  if (number('held') > 0) {
    const at = [...new Set(recipients.flatMap((one) => (one.end === 'held' ? one.unknownAt : [])))];
    return {
      kind: 'dead-letter',
      reason: 'Unknown',
      detail: `the answer of ${at.join(' and ')} was lost, and could not be found out; onUnknown is hold`,
    };
  }
  return { kind: 'done' };
}
