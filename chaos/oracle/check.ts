import { type Duplicate, type DuplicateCause, duplicatesOf } from './causes.ts';
import { type Acceptance, type History, named, time } from './history.ts';
import type { OracleInput, Rule } from './input.ts';
import { bounds } from './rules/bounds.ts';
import { isolation, openCircuits } from './rules/circuits.ts';
import { deadLetters } from './rules/dead-letters.ts';
import { deliveryEvents } from './rules/events.ts';
import { expiry } from './rules/expiry.ts';
import { holds } from './rules/holds.ts';
import { lookUps } from './rules/look-ups.ts';
import { pauses } from './rules/pauses.ts';
import { rates } from './rules/rates.ts';
import { lateness, order, recovery } from './rules/recovery.ts';
import { rounds } from './rules/rounds.ts';
import { scriptedPhase } from './rules/scripted-phase.ts';
import { shares } from './rules/shares.ts';
import { slowStart } from './rules/slow-start.ts';
import { timeOuts } from './rules/time-outs.ts';
import { waits } from './rules/waits.ts';

/** Result of the oracle: the same counters as in the queue checker of the test tool Jepsen, and further counters. */
export interface OracleReport {
  /** Number of messages that producers tried to send. */
  readonly attempted: number;
  /** Number of submissions whose producer got the answer that the submission is on the queue. */
  readonly acknowledged: number;
  /**
   * Number of acknowledged submissions without a missing recipient: for each recipient a provider accepted the mail, an event
   * reported the suppression, or a dead letter exists.
   */
  readonly ok: number;
  /**
   * Number of submissions that reached the queue and have a missing recipient: no provider accepted the mail for this recipient, no
   * event reported a suppression, and there is no dead letter.
   */
  readonly lost: number;
  /** Number of submissions that providers accepted more than once for one recipient. */
  readonly duplicated: number;
  /** Number of submissions that a provider accepted although the producer got no acknowledgement from the queue. */
  readonly recovered: number;
  /** Number of dead letters, by reason. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Number of duplicate acceptances, by cause. */
  readonly causes: Readonly<Partial<Record<DuplicateCause, number>>>;
  /** Number of attempts in the ledger whose outcome is unknown, counted only for submissions with `onUnknown: ask`. */
  readonly unknown: number;
  /** Number of duplicate acceptances that resulted from the attempts counted in `unknown`. */
  readonly unknownTwice: number;
  readonly calls: number;
  /** Violations of rules, each as a text. */
  readonly violations: readonly string[];
}

/** If several submissions have the same id and different contents, only one of the submissions is sent. */
const ids: Rule = ({ recorder }) => {
  const taken = [...recorder.histories].filter(({ acceptances }) => acceptances.length > 0);
  return Array.from(Map.groupBy(taken, ({ id }) => id).values()).flatMap(([first, other]) =>
    first && other ? [`id used twice: ${named(first)} and ${named(other)} were both accepted`] : [],
  );
};

/** All rules except the rules "no mail is lost" and "no duplicate without a cause", which `checkPromises` itself checks. */
const RULES: readonly Rule[] = [
  deadLetters,
  expiry,
  lookUps,
  waits,
  openCircuits,
  isolation,
  holds,
  recovery,
  lateness,
  order,
  shares,
  slowStart,
  rates,
  timeOuts,
  scriptedPhase,
  pauses,
  rounds,
  bounds,
  deliveryEvents,
  ids,
];

/** Checks the recorded events of a run against all rules, and returns the counters and the violations. */
export async function checkPromises(given: OracleInput): Promise<OracleReport> {
  const { recorder } = given;
  await recorder.close();
  const violations: string[] = [...recorder.violations];
  const deadLetterCounts: Record<string, number> = {};
  const causes: Partial<Record<DuplicateCause, number>> = {};
  const count = { acknowledged: 0, ok: 0, lost: 0, duplicated: 0, recovered: 0, unknown: 0, unknownTwice: 0, calls: 0 };
  for (const history of recorder.histories) {
    const missing = missingOf(history);
    count.calls += history.attempts.length;
    if (history.acknowledged) {
      count.acknowledged += 1;
      if (missing.length === 0) count.ok += 1;
    } else if (history.acceptances.length > 0) count.recovered += 1;
    // A submission that reached the queue must not be lost, even if its producer got no acknowledgement.
    if (missing.length > 0 && !recorder.runaway) {
      count.lost += 1;
      violations.push(`lost: ${named(history)}, recipients ${missing.join(' ')}`);
    }
    for (const { reason = 'moved by SQS' } of history.deadLetters)
      deadLetterCounts[reason] = (deadLetterCounts[reason] ?? 0) + 1;
    const duplicates = duplicatesOf(history, given);
    if (duplicates.length > 0) count.duplicated += 1;
    for (const duplicate of duplicates) {
      causes[duplicate.cause] = (causes[duplicate.cause] ?? 0) + 1;
      if (duplicate.cause === 'unexplained') violations.push(inWords(duplicate));
    }
    if (history.mail.onUnknown === 'ask') {
      count.unknown += history.unknownInRecord;
      count.unknownTwice += duplicates.filter(({ cause }) => OF_UNKNOWN.has(cause)).length;
    }
  }
  violations.push(...RULES.flatMap((rule) => rule(given)));
  return { attempted: recorder.attempted, ...count, deadLetters: deadLetterCounts, causes, violations };
}

const OF_UNKNOWN: ReadonlySet<DuplicateCause> = new Set([
  'unknown-not-askable',
  'unknown-not-found',
  'killed',
  'presumed-dead',
]);

/** Returns the recipients of a submission for which there is no acceptance, no suppression and no dead letter. */
function missingOf({ mail, acceptances, deadLetters, suppressed, redrives }: History): string[] {
  // A redriven message has left the dead-letter queue, so dead letters from before the redrive no longer count.
  if (mail.canary) return [];
  const since = Math.max(-Infinity, ...redrives.map(({ at }) => at));
  return mail.recipients.filter(
    (recipient, place) =>
      !acceptances.some(({ recipients }) => recipients.includes(recipient)) &&
      !suppressed.has(recipient) &&
      !deadLetters.some(({ at, done }) => at >= since && !done.includes(place)),
  );
}

function inWords({ history, first, second }: Duplicate): string {
  const one = ({ attempt: { provider, worker, begunAt, fault, answer }, at, recordedAt }: Acceptance) =>
    `${provider} by ${worker.name} at ${time(at)} (begun ${time(begunAt)}, ${fault ?? 'no fault'}, ` +
    `answered ${answer ? time(answer.at) : 'never'}, recorded ${recordedAt === undefined ? 'never' : time(recordedAt)})`;
  return `unexplained: ${named(history)}: ${one(first)} and ${one(second)}`;
}
