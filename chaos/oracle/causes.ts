import type { Acceptance, History, ProviderLookUp } from './history.ts';
import type { OracleInput } from './input.ts';
import { PROMISES } from './promises.ts';

/** Reason for which providers accepted a mail twice. Each reason is permitted except `unexplained`, which means a defect of the sender. */
export type DuplicateCause =
  /** The provider accepted the mail but answered with a 5xx status. */
  | '5xx-taken'
  /** The answer was lost, and the submission has `onUnknown: failover`, which permits the second call. */
  | 'unknown-failover'
  /** The answer was lost, and the provider offers no look-up of sent mail. */
  | 'unknown-not-askable'
  /** The required look-ups were made before the second call. They did not find the mail yet, or got no answer. */
  | 'unknown-not-found'
  /** The process was killed after the provider had accepted the mail and before the acceptance was recorded in the ledger. */
  | 'killed'
  /** The write of the acceptance to the ledger failed. */
  | 'ledger-failed'
  /** A clock was wrong or a process was frozen. Therefore an attempt counted as interrupted while it was still running. */
  | 'presumed-dead'
  | 'unexplained';

/** Reasons for which the sender does not know the outcome of a call. */
type UnknownCause = 'answer-lost' | 'killed' | 'ledger-failed' | 'presumed-dead';

export interface Duplicate {
  readonly history: History;
  readonly first: Acceptance;
  readonly second: Acceptance;
  readonly cause: DuplicateCause;
}

/**
 * Returns every acceptance that repeats an earlier acceptance for the same recipient, with the cause. The cause follows from the
 * events that the recorder has seen.
 */
export function duplicatesOf(history: History, given: OracleInput): Duplicate[] {
  // Sorted by the time at which the sender decided to call, since a provider may accept a mail long after the sender gave up the call.
  const acceptances = history.acceptances.toSorted((a, b) => a.attempt.decidedAt - b.attempt.decidedAt);
  return acceptances.flatMap((second, place) => {
    const earlier = acceptances.slice(0, place).filter((first) => shared(first, second).length > 0);
    const causes = earlier.map(
      (first): Duplicate => ({ history, first, second, cause: causeOf(first, second, history, given) }),
    );
    const worst = causes.find(({ cause }) => cause === 'unexplained') ?? causes[0];
    return worst ? [worst] : [];
  });
}

function causeOf(first: Acceptance, second: Acceptance, history: History, given: OracleInput): DuplicateCause {
  const { attempt, recordedAt } = first;
  const { decidedAt } = second.attempt;
  if (recordedAt !== undefined && recordedAt <= decidedAt) return 'unexplained';
  // If the outcome of a call is unknown, mail with `onUnknown: hold` is sent again only after a redrive.
  const redriven = history.redrives.some(({ at }) => first.at <= at && at <= decidedAt);
  if (history.mail.onUnknown === 'hold' && !redriven) return 'unexplained';
  const answer = attempt.answer && attempt.answer.at <= decidedAt ? attempt.answer : undefined;
  if (attempt.fault === '5xx-taken' && answer) return '5xx-taken';
  const unknownCause = unknownCauseOf(first, second, given);
  if (unknownCause === undefined) return 'unexplained';
  if (history.mail.onUnknown === 'failover') return unknownCause === 'answer-lost' ? 'unknown-failover' : unknownCause;
  const askable = given.providers.find(({ key }) => key === attempt.provider)?.askable;
  if (!askable) return unknownCause === 'answer-lost' ? 'unknown-not-askable' : unknownCause;
  return wasAsked(first, second, history) ? 'unknown-not-found' : 'unexplained';
}

/**
 * Returns why the first acceptance was not in the record of the submission when the sender decided to make the second call;
 * undefined if there is no valid reason.
 */
function unknownCauseOf(
  { attempt }: Acceptance,
  second: Acceptance,
  { recorder }: OracleInput,
): UnknownCause | undefined {
  const { worker, answer, fault } = attempt;
  const { decidedAt } = second.attempt;
  if (answer && answer.at <= decidedAt) {
    // The worker may have requested the write of the acceptance before the worker was killed. This write may have failed, or taken
    // effect too late.
    if (worker.killedAt < Infinity) return 'killed';
    if (answer.outcome !== 'accepted') return LOSES_ANSWERS.has(fault ?? '') ? 'answer-lost' : undefined;
    return (recorder.tableFailed.get(worker) ?? -Infinity) >= answer.at ? 'ledger-failed' : undefined;
  }
  // The process of the first call had no answer yet when the sender decided to make the second call.
  if (worker.killedAt <= decidedAt) return 'killed';
  const wrongClock = [worker, second.attempt.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
  return wrongClock || worker.stalled ? 'presumed-dead' : undefined;
}

const LOSES_ANSWERS: ReadonlySet<string> = new Set(['hang-taken', 'reset-taken', '5xx-taken', 'dead-sockets']);

/**
 * Whether the required look-ups at the provider of the first call were made before the second call. One look-up that was made late
 * enough and did not find the mail is required, or `PROMISES.asks` look-ups that got no answer.
 */
function wasAsked(first: Acceptance, second: Acceptance, { lookUps }: History): boolean {
  const { provider, decidedAt } = first.attempt;
  const made = lookUps.filter((one) => one.provider === provider && one.at <= second.attempt.decidedAt);
  const recipients = shared(first, second);
  if (made.some((lookUp) => isLate(lookUp, first) && lookUp.found && !recipients.some((one) => lookUp.found?.has(one))))
    return true;
  return made.filter(({ at, found }) => found === undefined && at >= decidedAt).length >= PROMISES.asks;
}

function isLate({ at, worker }: ProviderLookUp, { attempt }: Acceptance): boolean {
  const wrongClock = [worker, attempt.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
  return wrongClock ? at >= attempt.decidedAt : at >= attempt.decidedAt + PROMISES.askAfterMs - 2 * PROMISES.clockMs;
}

function shared(one: Acceptance, other: Acceptance): readonly string[] {
  return one.recipients.filter((recipient) => other.recipients.includes(recipient));
}
