import type { DeadLetterReason, Problem } from '../contract/dead-letter.ts';
import { againDelay, backoff, MAX_AGE_MS, MAX_DELAY_MS, SOON_MS, unknownDelay } from './backoff.ts';
import { ended, type Progress } from './progress.ts';

/** Where a submission goes next. */
export type Settlement =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly detail: string };

/** What settling depends on beside the progress; ages and delays are in stack time. */
export interface SettleContext {
  /** Since the first receive, in milliseconds. */
  readonly ageMs: number;
  /** It was first received more than five days after it was sent. */
  readonly stale?: boolean;
  /** Until `expiresAt`, in milliseconds; absent if the submission has none. */
  readonly expiresInMs?: number;
  readonly retryAfterMs?: number;
  /** Nobody was tried; after so many milliseconds a provider that was held back may be. */
  readonly againAfterMs?: number;
  /** Another provider was held back for a time that nobody knows: it is not to be missed for the sake of that one. */
  readonly orSooner?: true;
  /** An answer was lost again at a provider that had lost one before; so long after the first. */
  readonly doubtMs?: number;
  /** A provider was passed over for want of something of our own: the first wait is of seconds. */
  readonly soon?: true;
  /** In [0, 1). */
  readonly random: number;
}

/** Decides what becomes of a submission after a round. */
export function settle(progress: Progress, circumstances: SettleContext): Settlement {
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
    random,
  } = circumstances;
  // Also after its time: asking sends nothing, and who has been served already is not to be declared late.
  if (progress.recipients.some((one) => one.waiting))
    return {
      kind: 'retry',
      delayMs: Math.max(unknownDelay(random), doubtMs === undefined ? 0 : backoff(doubtMs, random)),
    };
  const leftMs = timeLeft(ageMs, expiresInMs);
  if (leftMs <= 0) return overdue(expiresInMs);
  if (stale) return { kind: 'dead-letter', ...STALE };
  const usual = backoff(ageMs, random, soon && SOON_MS);
  const again = againAfterMs === undefined ? undefined : againDelay(againAfterMs, random);
  const delayMs =
    again === undefined
      ? Math.max(usual, Math.min(retryAfterMs ?? 0, MAX_DELAY_MS))
      : Math.min(again, orSooner ? usual : again);
  // Near its end a submission is tried more often, by halves, since a login code of two minutes cannot wait for one.
  const shorter = delayMs >= leftMs && leftMs > SHORTEST_MS;
  return { kind: 'retry', delayMs: shorter ? Math.max(SHORTEST_MS, leftMs / 2) : delayMs };
}

const SHORTEST_MS = 10_000;

/** Milliseconds in which a submission may still be tried; zero or less when it is overdue. */
export function timeLeft(ageMs: number, expiresInMs: number | undefined): number {
  return expiresInMs ?? MAX_AGE_MS - ageMs;
}

/** Why a message ends that nobody received for days: what it says may be long out of date. */
export const STALE: Problem = {
  reason: 'Exhausted',
  detail: 'it was first received more than five days after it was sent; nobody was tried',
};

/** The end of a submission whose time is up. */
export function overdue(expiresInMs: number | undefined): Settlement {
  return expiresInMs === undefined
    ? { kind: 'dead-letter', reason: 'Exhausted', detail: 'no provider took it within four days' }
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
      detail: `the answer of ${at.join(' and ')} was lost, and nothing could be learned of it; onUnknown is hold`,
    };
  }
  return { kind: 'done' };
}
