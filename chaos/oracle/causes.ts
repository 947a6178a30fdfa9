import type { OracleCase } from './case.ts';
import { PROMISES } from './promises.ts';
import type { Acceptance, ProviderLookUp, Story } from './story.ts';

/** Why a mail was accepted twice without a defect; `unexplained` is a defect. */
export type DuplicateCause =
  /** The provider accepted the mail and answered 5xx. */
  | '5xx-taken'
  /** The answer was lost, and the submission has `onUnknown: failover`. */
  | 'unknown-failover'
  /** The answer was lost, and the provider offers no look-up. */
  | 'unknown-not-askable'
  /** The required look-ups were made, in time, and did not find the mail yet, or got no answer. */
  | 'unknown-not-found'
  /** The process was killed between the provider's acceptance and the record of it. */
  | 'killed'
  /** The write of the acceptance to the ledger failed. */
  | 'ledger-failed'
  /** Because of a wrong clock or a frozen process a running attempt counted as interrupted. */
  | 'presumed-dead'
  | 'unexplained';

/** Causes by which a call is unknown to the sender. */
type Doubt = 'answer-lost' | 'killed' | 'ledger-failed' | 'presumed-dead';

export interface Duplicate {
  readonly story: Story;
  readonly first: Acceptance;
  readonly second: Acceptance;
  readonly cause: DuplicateCause;
}

/** Each acceptance of a recipient after the first one, with its cause according to the world's own record. */
export function duplicatesOf(story: Story, given: OracleCase): Duplicate[] {
  // Acceptances are sorted by the decision to call, since a provider may accept a mail long after its answer was due.
  const acceptances = story.acceptances.toSorted((a, b) => a.attempt.decidedAt - b.attempt.decidedAt);
  return acceptances.flatMap((second, place) => {
    const earlier = acceptances.slice(0, place).filter((first) => shared(first, second).length > 0);
    const causes = earlier.map(
      (first): Duplicate => ({ story, first, second, cause: causeOf(first, second, story, given) }),
    );
    const worst = causes.find(({ cause }) => cause === 'unexplained') ?? causes[0];
    return worst ? [worst] : [];
  });
}

function causeOf(first: Acceptance, second: Acceptance, story: Story, given: OracleCase): DuplicateCause {
  const { attempt, recordedAt } = first;
  const { decidedAt } = second.attempt;
  if (recordedAt !== undefined && recordedAt <= decidedAt) return 'unexplained';
  // Mail that must not be sent twice goes out again only after a redrive.
  const redriven = story.redrives.some(({ at }) => first.at <= at && at <= decidedAt);
  if (story.mail.onUnknown === 'hold' && !redriven) return 'unexplained';
  const answer = attempt.answer && attempt.answer.at <= decidedAt ? attempt.answer : undefined;
  if (attempt.fault === '5xx-taken' && answer) return '5xx-taken';
  const doubt = doubtOf(first, second, given);
  if (doubt === undefined) return 'unexplained';
  if (story.mail.onUnknown === 'failover') return doubt === 'answer-lost' ? 'unknown-failover' : doubt;
  const askable = given.providers.find(({ key }) => key === attempt.provider)?.askable;
  if (!askable) return doubt === 'answer-lost' ? 'unknown-not-askable' : doubt;
  return wasAsked(first, second, story) ? 'unknown-not-found' : 'unexplained';
}

/** Why the first acceptance was not known when the second call was decided. */
function doubtOf({ attempt }: Acceptance, second: Acceptance, { chronicle }: OracleCase): Doubt | undefined {
  const { worker, answer, fault } = attempt;
  const { decidedAt } = second.attempt;
  if (answer && answer.at <= decidedAt) {
    // A write that it requested before it was killed may have failed, or ended too late.
    if (worker.killedAt < Infinity) return 'killed';
    if (answer.outcome !== 'accepted') return LOSES_ANSWERS.has(fault ?? '') ? 'answer-lost' : undefined;
    return (chronicle.tableFailed.get(worker) ?? -Infinity) >= answer.at ? 'ledger-failed' : undefined;
  }
  // The first call had not ended for its process when the second started.
  if (worker.killedAt <= decidedAt) return 'killed';
  const wrongClock = [worker, second.attempt.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
  return wrongClock || worker.stalled ? 'presumed-dead' : undefined;
}

const LOSES_ANSWERS: ReadonlySet<string> = new Set(['hang-taken', 'reset-taken', '5xx-taken', 'dead-sockets']);

/**
 * Whether the required look-ups at the provider of the first call were made before the second call: late enough to find the mail, and
 * without finding it; or as often without an answer as required.
 */
function wasAsked(first: Acceptance, second: Acceptance, { lookUps }: Story): boolean {
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
