import type { Acceptance, Chronicle, Story } from './chronicle.ts';

/** Why a mail can have been taken twice without a defect; `unexplained` is one. */
export type Cause =
  /** The release before the ledger took part. */
  | 'previous-release'
  /** The provider answered 5xx and had taken the mail. */
  | '5xx-taken'
  /** The answer was lost, and the submission asked to go on at once. */
  | 'unknown-failover'
  /** The answer was lost, and the provider offers no way to be asked. */
  | 'unknown-not-askable'
  /** The answer was lost, and the provider did not know of the mail (yet) when it was asked, or did not answer. */
  | 'unknown-not-found'
  /** The process died between the provider's acceptance and the record of it. */
  | 'killed'
  /** The ledger did not take the record of the acceptance. */
  | 'ledger-failed'
  /** A clock that was wrong, or a process that stood still, made a live attempt look dead. */
  | 'presumed-dead'
  | 'unexplained';

export interface Duplicate {
  readonly story: Story;
  readonly first: Acceptance;
  readonly second: Acceptance;
  readonly cause: Cause;
}

/** Clocks may differ by so much without being a fault. */
const TRUE_CLOCK_MS = 1_000;

/** Each acceptance after the first one of the same recipient, with its cause from the world's own record. */
export function duplicatesOf(
  story: Story,
  chronicle: Chronicle,
  canBeAsked: (provider: string) => boolean,
): Duplicate[] {
  // In the order in which the calls were decided on: a provider may take a mail long after its answer was due.
  const acceptances = story.acceptances.toSorted((a, b) => a.decidedAt - b.decidedAt);
  return acceptances.flatMap((second, place) => {
    const earlier = acceptances
      .slice(0, place)
      .filter((first) => first.recipients.some((recipient) => second.recipients.includes(recipient)));
    const causes = earlier.map((first): Duplicate => {
      return { story, first, second, cause: causeOf(first, second, story, chronicle, canBeAsked) };
    });
    const worst = causes.find(({ cause }) => cause === 'unexplained') ?? causes[0];
    return worst ? [worst] : [];
  });
}

function causeOf(
  first: Acceptance,
  second: Acceptance,
  { mail }: Story,
  chronicle: Chronicle,
  canBeAsked: (provider: string) => boolean,
): Cause {
  const { call, told, recordedAt } = first;
  if (call.worker.release === 'previous' || second.call.worker.release === 'previous') return 'previous-release';
  if (recordedAt !== undefined && recordedAt <= second.decidedAt) return 'unexplained';
  if (call.fault === '5xx-taken') return mail.onUnknown === 'hold' ? 'unexplained' : '5xx-taken';
  const answerLost = call.fault === 'hang-taken' || call.fault === 'reset-taken';
  if (told && told.at <= second.decidedAt) {
    if (answerLost && !told.accepted) return lostAnswer(mail.onUnknown, canBeAsked(call.provider));
    if (!told.accepted) return 'unexplained';
    // A record that it asked for before it died may have failed, or come too late to be heard of.
    if (call.worker.killedAt < Infinity) return 'killed';
    return (chronicle.tableFailed.get(call.worker) ?? -Infinity) >= told.at ? 'ledger-failed' : 'unexplained';
  }
  // The first one was not over for its process when the second began.
  if (call.worker.killedAt <= second.decidedAt) return 'killed';
  const wrongClock = [call.worker, second.call.worker].some(({ worstSkewMs }) => worstSkewMs > TRUE_CLOCK_MS);
  return wrongClock || call.worker.stalled ? 'presumed-dead' : 'unexplained';
}

function lostAnswer(onUnknown: string, askable: boolean): Cause {
  if (onUnknown === 'failover') return 'unknown-failover';
  if (onUnknown === 'hold') return 'unexplained';
  return askable ? 'unknown-not-found' : 'unknown-not-askable';
}
