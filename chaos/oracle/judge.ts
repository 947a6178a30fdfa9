import { MAX_AGE_MS } from '../../lambda/sender/backoff.ts';
import { type Cause, type Duplicate, duplicatesOf } from './causes.ts';
import type { Chronicle, DeadLetter, Story } from './chronicle.ts';

/** The counters of Jepsen's queue checker, and what they leave out. */
export interface Verdict {
  /** Messages that producers tried to send. */
  readonly attempted: number;
  /** Submissions that producers were told are on the queue. */
  readonly acknowledged: number;
  /** Acknowledged, and every recipient accepted by a provider, suppressed with an event, or in a dead letter with its reason. */
  readonly ok: number;
  /** Acknowledged, and gone. */
  readonly lost: number;
  /** Submissions accepted more than once for one recipient. */
  readonly duplicated: number;
  /** Not acknowledged, and accepted all the same. */
  readonly recovered: number;
  /** Dead letters by reason. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Acceptances too many, by cause. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
  /** Attempts that the ledger calls unknown, of submissions that ask; and acceptances too many that came of them. */
  readonly unknown: number;
  readonly unknownTwice: number;
  readonly calls: number;
  /** What must not be, in words. */
  readonly violations: readonly string[];
}

export interface JudgeOptions {
  readonly canBeAsked: (provider: string) => boolean;
  /** How far clocks may be wrong, in milliseconds. */
  readonly clockErrorMs: number;
  /** Faults that kill or starve processes may carry mail past SQS's limit of receives. */
  readonly mayCrash: boolean;
}

/** Holds what the world saw against what was promised. */
export function judge(chronicle: Chronicle, options: JudgeOptions): Verdict {
  const violations: string[] = [];
  const deadLetters: Record<string, number> = {};
  const causes: Partial<Record<Cause, number>> = {};
  const count = { acknowledged: 0, ok: 0, lost: 0, duplicated: 0, recovered: 0, unknown: 0, unknownTwice: 0, calls: 0 };
  const ids = new Map<string, number>();
  for (const { id } of chronicle.stories.values()) ids.set(id, (ids.get(id) ?? 0) + 1);
  for (const story of chronicle.stories.values()) {
    const missing = missingOf(story);
    count.calls += story.calls;
    if (story.acknowledged) {
      count.acknowledged += 1;
      if (missing.length === 0) count.ok += 1;
    } else if (story.acceptances.length > 0) count.recovered += 1;
    if (missing.length > 0) {
      // Not acknowledged, but on the queue: nothing may be lost there either.
      count.lost += 1;
      violations.push(`lost: mail ${story.mail.index} (${story.id}), recipients ${missing.join(' ')}`);
    }
    for (const letter of story.letters) {
      const reason = letter.reason ?? 'moved by SQS';
      deadLetters[reason] = (deadLetters[reason] ?? 0) + 1;
      const shared = (ids.get(story.id) ?? 0) > 1;
      if (!isLegal(letter, story, shared, options))
        violations.push(`dead letter: mail ${story.mail.index} (${story.id}) ${reason}: ${letter.detail ?? ''}`);
    }
    violations.push(...wrongBurials(story));
    const duplicates = duplicatesOf(story, chronicle, options.canBeAsked);
    if (duplicates.length > 0) count.duplicated += 1;
    for (const duplicate of duplicates) {
      causes[duplicate.cause] = (causes[duplicate.cause] ?? 0) + 1;
      if (duplicate.cause === 'unexplained') violations.push(inWords(duplicate));
    }
    if (story.mail.onUnknown === 'ask' && !story.previous) {
      count.unknown += story.doubts;
      count.unknownTwice += duplicates.filter(({ cause }) => OF_UNKNOWN.has(cause)).length;
    }
  }
  for (const one of chronicle.outlived) violations.push(`outlived its queue: ${one}`);
  for (const one of chronicle.forgotten) violations.push(`field forgotten: ${one}`);
  for (const one of chronicle.thrown) violations.push(`handler threw: ${one}`);
  return { attempted: chronicle.attempted, ...count, deadLetters, causes, violations };
}

const OF_UNKNOWN: ReadonlySet<Cause> = new Set(['unknown-not-askable', 'unknown-not-found', 'killed', 'presumed-dead']);

/** Recipients of whom nobody can say what became of their mail. */
function missingOf({ mail, acceptances, letters, suppressed }: Story): string[] {
  return mail.recipients.filter(
    (recipient, place) =>
      !acceptances.some(({ recipients }) => recipients.includes(recipient)) &&
      !suppressed.has(recipient) &&
      !letters.some(({ done }) => !done.includes(place)),
  );
}

/** Dead letters that call somebody not served whose acceptance the ledger had; release 0.1.0 did not look there. */
function wrongBurials({ mail, id, acceptances, letters, readByPrevious }: Story): string[] {
  if (readByPrevious) return [];
  return letters.flatMap(({ at, reason, done }) => {
    const served = acceptances.some(
      ({ recipients, recordedAt = Infinity }) =>
        recordedAt < at && recipients.some((one) => !done.includes(mail.recipients.indexOf(one))),
    );
    return served && reason !== undefined && reason !== 'IdConflict'
      ? [`buried although it was accepted: mail ${mail.index} (${id}) ${reason}`]
      : [];
  });
}

function isLegal(
  { reason, at }: DeadLetter,
  { mail, addedAt, refusedBy, unknown, interrupted, letters }: Story,
  shared: boolean,
  { clockErrorMs, mayCrash }: JudgeOptions,
): boolean {
  switch (reason) {
    case 'Malformed':
      return mail.trait === 'malformed' || mail.trait === 'future';
    case 'MissingObject':
      return mail.trait === 'missing';
    case 'IdConflict':
      return shared;
    case 'Expired':
      return mail.expiresAt !== undefined && at + clockErrorMs >= mail.expiresAt;
    case 'Exhausted':
      return at + clockErrorMs >= addedAt + MAX_AGE_MS;
    case 'Refused':
      // One provider may be wrong about a message; by itself it may end only mail that no other may carry.
      return mail.trait === 'bad' || mail.usable.every((provider) => refusedBy.has(provider));
    case 'Unknown':
      return mail.onUnknown === 'hold' && (unknown > 0 || interrupted);
    case undefined:
      // SQS forgot the deletion of a message that came as often as it may and was buried with its reason.
      return mayCrash || letters.some((other) => other.reason !== undefined && other.at <= at);
    case 'Crashed':
      return mayCrash;
    default:
      return false;
  }
}

function inWords({ story, first, second }: Duplicate): string {
  const one = ({ call, at, told, recordedAt }: Duplicate['first']) =>
    `${call.provider} by ${call.worker.name} at ${time(at)} (begun ${time(call.begunAt)}, ${call.fault ?? 'no fault'}, ` +
    `told ${told ? time(told.at) : 'never'}, recorded ${recordedAt === undefined ? 'never' : time(recordedAt)})`;
  return `unexplained: mail ${story.mail.index} (${story.id}): ${one(first)} and ${one(second)}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
