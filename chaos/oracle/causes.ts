import type { OracleCase } from './case.ts';
import { PROMISES } from './promises.ts';
import type { Acceptance, ProviderLookUp, Story } from './story.ts';

/** Why a mail can have been taken twice without a defect; `unexplained` is one. */
export type DuplicateCause =
  /** The release before the ledger took part. */
  | 'previous-release'
  /** The provider answered 5xx and had taken the mail. */
  | '5xx-taken'
  /** The answer was lost, and the submission asked to go on at once. */
  | 'unknown-failover'
  /** The answer was lost, and the provider offers no way to be asked. */
  | 'unknown-not-askable'
  /** The provider was asked, in time, and did not show the mail yet, or did not answer, as often as it has to be asked. */
  | 'unknown-not-found'
  /** The process died between the provider's acceptance and the record of it. */
  | 'killed'
  /** The ledger did not take the record of the acceptance. */
  | 'ledger-failed'
  /** A clock that was wrong, or a process that stood still, made a live attempt look dead. */
  | 'presumed-dead'
  | 'unexplained';

/** Causes that leave the sender in doubt about a call. */
type Doubt = 'answer-lost' | 'killed' | 'ledger-failed' | 'presumed-dead';

export interface Duplicate {
  readonly story: Story;
  readonly first: Acceptance;
  readonly second: Acceptance;
  readonly cause: DuplicateCause;
}

/** Each acceptance after the first one of the same recipient, with its cause from the world's own record. */
export function duplicatesOf(story: Story, given: OracleCase): Duplicate[] {
  // In the order in which the calls were decided on: a provider may take a mail long after its answer was due.
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
  if (attempt.worker.release === 'previous' || second.attempt.worker.release === 'previous') return 'previous-release';
  if (recordedAt !== undefined && recordedAt <= decidedAt) return 'unexplained';
  // What must not come twice goes out again only when an operator wishes it.
  const wished = story.redrives.some(({ at }) => first.at <= at && at <= decidedAt);
  if (story.mail.onUnknown === 'hold' && !wished) return 'unexplained';
  const told = attempt.told && attempt.told.at <= decidedAt ? attempt.told : undefined;
  if (attempt.fault === '5xx-taken' && told) return '5xx-taken';
  const doubt = doubtOf(first, second, given);
  if (doubt === undefined) return 'unexplained';
  if (story.mail.onUnknown === 'failover') return doubt === 'answer-lost' ? 'unknown-failover' : doubt;
  const askable = given.providers.find(({ key }) => key === attempt.provider)?.askable;
  if (!askable) return doubt === 'answer-lost' ? 'unknown-not-askable' : doubt;
  return wasAsked(first, second, story) ? 'unknown-not-found' : 'unexplained';
}

/** Why nobody can have known of the first acceptance when the second call was decided on. */
function doubtOf({ attempt }: Acceptance, second: Acceptance, { chronicle }: OracleCase): Doubt | undefined {
  const { worker, told, fault } = attempt;
  const { decidedAt } = second.attempt;
  if (told && told.at <= decidedAt) {
    // A record that it asked for before it died may have failed, or come too late to be heard of.
    if (worker.killedAt < Infinity) return 'killed';
    if (told.outcome !== 'accepted') return LOSES_ANSWERS.has(fault ?? '') ? 'answer-lost' : undefined;
    return (chronicle.tableFailed.get(worker) ?? -Infinity) >= told.at ? 'ledger-failed' : undefined;
  }
  // The first one was not over for its process when the second began.
  if (worker.killedAt <= decidedAt) return 'killed';
  const wrongClock = [worker, second.attempt.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
  return wrongClock || worker.stalled ? 'presumed-dead' : undefined;
}

const LOSES_ANSWERS: ReadonlySet<string> = new Set(['hang-taken', 'reset-taken', '5xx-taken', 'dead-sockets']);

/**
 * Whether the provider of the first call was asked as it has to be before another call: late enough that it could know, and
 * without being shown the mail; or so often in vain that it cannot be helped.
 */
function wasAsked(first: Acceptance, second: Acceptance, { looks }: Story): boolean {
  const { provider, decidedAt } = first.attempt;
  const made = looks.filter((look) => look.provider === provider && look.at <= second.attempt.decidedAt);
  const recipients = shared(first, second);
  if (made.some((look) => isLate(look, first) && look.found && !recipients.some((one) => look.found?.has(one))))
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
