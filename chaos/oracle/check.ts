import type { OracleCase, Rule } from './case.ts';
import { type Duplicate, type DuplicateCause, duplicatesOf } from './causes.ts';
import { bounds } from './rules/bounds.ts';
import { isolation, openCircuits } from './rules/circuits.ts';
import { deadLetters } from './rules/dead-letters.ts';
import { deliveryEvents } from './rules/events.ts';
import { exercise } from './rules/exercise.ts';
import { expiry } from './rules/expiry.ts';
import { holds } from './rules/holds.ts';
import { lookUps } from './rules/look-ups.ts';
import { patience } from './rules/patience.ts';
import { pauses } from './rules/pauses.ts';
import { rates } from './rules/rates.ts';
import { lateness, order, recovery } from './rules/recovery.ts';
import { rounds } from './rules/rounds.ts';
import { shares } from './rules/shares.ts';
import { slowStart } from './rules/slow-start.ts';
import { waits } from './rules/waits.ts';
import { type Acceptance, named, type Story, time } from './story.ts';

/** The counters of Jepsen's queue checker, and further ones. */
export interface OracleReport {
  /** Messages that producers tried to send. */
  readonly attempted: number;
  /** Submissions for which producers got the answer that they are on the queue. */
  readonly acknowledged: number;
  /** Acknowledged, and every recipient accepted by a provider, suppressed with an event, or in a dead letter with its reason. */
  readonly ok: number;
  /** Acknowledged, and neither accepted, suppressed nor dead-lettered. */
  readonly lost: number;
  /** Submissions accepted more than once for one recipient. */
  readonly duplicated: number;
  /** Not acknowledged, and accepted nevertheless. */
  readonly recovered: number;
  /** Dead letters by reason. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Duplicate acceptances, by cause. */
  readonly causes: Readonly<Partial<Record<DuplicateCause, number>>>;
  /** Unknown attempts in the ledger, of submissions with `ask`, and duplicate acceptances that resulted. */
  readonly unknown: number;
  readonly unknownTwice: number;
  readonly calls: number;
  /** Violations, as messages. */
  readonly violations: readonly string[];
}

/** Submissions with one id and different contents: only one of them is sent. */
const ids: Rule = ({ chronicle }) => {
  const taken = [...chronicle.stories].filter(({ acceptances }) => acceptances.length > 0);
  return Array.from(Map.groupBy(taken, ({ id }) => id).values()).flatMap(([first, other]) =>
    first && other ? [`id used twice: ${named(first)} and ${named(other)} were both accepted`] : [],
  );
};

/** The rules, apart from "no mail is lost" and "no duplicate without a cause". */
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
  patience,
  exercise,
  pauses,
  rounds,
  bounds,
  deliveryEvents,
  ids,
];

/** Checks the record of a run against all promises. */
export async function checkPromises(given: OracleCase): Promise<OracleReport> {
  const { chronicle } = given;
  await chronicle.close();
  const violations: string[] = [...chronicle.violations];
  const deadLetterCounts: Record<string, number> = {};
  const causes: Partial<Record<DuplicateCause, number>> = {};
  const count = { acknowledged: 0, ok: 0, lost: 0, duplicated: 0, recovered: 0, unknown: 0, unknownTwice: 0, calls: 0 };
  for (const story of chronicle.stories) {
    const missing = missingOf(story);
    count.calls += story.attempts.length;
    if (story.acknowledged) {
      count.acknowledged += 1;
      if (missing.length === 0) count.ok += 1;
    } else if (story.acceptances.length > 0) count.recovered += 1;
    // Not acknowledged, but on the queue: it may not be lost either.
    if (missing.length > 0 && !chronicle.runaway) {
      count.lost += 1;
      violations.push(`lost: ${named(story)}, recipients ${missing.join(' ')}`);
    }
    for (const { reason = 'moved by SQS' } of story.deadLetters)
      deadLetterCounts[reason] = (deadLetterCounts[reason] ?? 0) + 1;
    const duplicates = duplicatesOf(story, given);
    if (duplicates.length > 0) count.duplicated += 1;
    for (const duplicate of duplicates) {
      causes[duplicate.cause] = (causes[duplicate.cause] ?? 0) + 1;
      if (duplicate.cause === 'unexplained') violations.push(inWords(duplicate));
    }
    if (story.mail.onUnknown === 'ask') {
      count.unknown += story.doubts;
      count.unknownTwice += duplicates.filter(({ cause }) => OF_UNKNOWN.has(cause)).length;
    }
  }
  violations.push(...RULES.flatMap((rule) => rule(given)));
  return { attempted: chronicle.attempted, ...count, deadLetters: deadLetterCounts, causes, violations };
}

const OF_UNKNOWN: ReadonlySet<DuplicateCause> = new Set([
  'unknown-not-askable',
  'unknown-not-found',
  'killed',
  'presumed-dead',
]);

/** Recipients without acceptance, suppression or dead letter. */
function missingOf({ mail, acceptances, deadLetters, suppressed, redrives }: Story): string[] {
  // A redriven message has left the dead-letter queue: earlier dead letters no longer count.
  if (mail.canary) return [];
  const since = Math.max(-Infinity, ...redrives.map(({ at }) => at));
  return mail.recipients.filter(
    (recipient, place) =>
      !acceptances.some(({ recipients }) => recipients.includes(recipient)) &&
      !suppressed.has(recipient) &&
      !deadLetters.some(({ at, done }) => at >= since && !done.includes(place)),
  );
}

function inWords({ story, first, second }: Duplicate): string {
  const one = ({ attempt: { provider, worker, begunAt, fault, answer }, at, recordedAt }: Acceptance) =>
    `${provider} by ${worker.name} at ${time(at)} (begun ${time(begunAt)}, ${fault ?? 'no fault'}, ` +
    `answered ${answer ? time(answer.at) : 'never'}, recorded ${recordedAt === undefined ? 'never' : time(recordedAt)})`;
  return `unexplained: ${named(story)}: ${one(first)} and ${one(second)}`;
}
