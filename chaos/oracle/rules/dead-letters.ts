import type { OracleCase, Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { type DeadLetter, named, type Story } from '../story.ts';

/** How long after its time mail may be given up: its last wait, the questions about lost answers, a queue that fails. */
const LATE_MS = 3 * 3_600_000;

/** A dead letter comes with a reason that holds, not before its time, and not for what was accepted. */
export const deadLetters: Rule = (given) => {
  const ids = new Map<string, number>();
  for (const { id } of given.chronicle.stories) ids.set(id, (ids.get(id) ?? 0) + 1);
  return [...given.chronicle.stories].flatMap((story) => {
    const shared = (ids.get(story.id) ?? 0) > 1;
    return [
      ...story.letters
        .filter((letter) => !isLegal(letter, story, shared, given))
        .map(({ reason = 'moved by SQS', detail = '' }) => `dead letter: ${named(story)} ${reason}: ${detail}`),
      ...wrongBurials(story),
    ];
  });
};

/** Dead letters that list a recipient as not served although the ledger had the acceptance; release 0.1.0 did not look there. */
function wrongBurials(story: Story): string[] {
  const { mail, acceptances, letters, readByPrevious } = story;
  if (readByPrevious) return [];
  return letters.flatMap(({ at, reason, done }) => {
    const served = acceptances.some(
      ({ recipients, recordedAt = Infinity }) =>
        recordedAt < at && recipients.some((one) => !done.includes(mail.recipients.indexOf(one))),
    );
    return served && reason !== undefined && reason !== 'IdConflict'
      ? [`dead letter although it was accepted: ${named(story)} ${reason}`]
      : [];
  });
}

function isLegal(letter: DeadLetter, story: Story, shared: boolean, given: OracleCase): boolean {
  const { reason, at } = letter;
  const { mail, refusedBy, unknown, interrupted, letters, addedAt, redrives, receives } = story;
  const { clockErrorMs, mayCrash, maxReceiveCount } = given;
  const [first = at] = addedAt;
  switch (reason) {
    case 'Malformed':
      // A later release may read it: until SQS would move it away, it waits for that one.
      return (
        mail.trait === 'malformed' ||
        mail.forbidden === true ||
        (mail.trait === 'future' && receives >= maxReceiveCount)
      );
    case 'MissingObject':
      return mail.trait === 'missing';
    case 'IdConflict':
      return shared;
    case 'Expired':
      return at + clockErrorMs >= expiryOf(story, first);
    case 'Exhausted': {
      // A redrive begins anew; of several lives any may have ended here.
      const births = [...addedAt, ...redrives.map((one) => one.at)];
      const hasTime = mail.expiresAt !== undefined || mail.lastsMs !== undefined;
      return (
        !hasTime &&
        births.some((birth) => at + clockErrorMs >= birth + PROMISES.maxAgeMs && isTimely(letter, birth, given))
      );
    }
    case 'Refused':
      // One provider may be wrong about a message; by itself it may end only mail that no other may carry.
      return mail.trait === 'bad' || mail.usable.every((provider) => refusedBy.has(provider));
    case 'Unknown':
      // By a clock that jumped, an invocation can end while its call is under way.
      return mail.onUnknown === 'hold' && (unknown > 0 || interrupted || story.skewed);
    case undefined:
      // SQS forgot the deletion of a message that came as often as it may and was buried with its reason.
      // And processes that die are given it as often: what Lambda refuses to invoke, nothing has seen.
      return (
        (mayCrash && receives >= maxReceiveCount) ||
        letters.some((other) => other.reason !== undefined && other.at <= at)
      );
    case 'Crashed':
      // The first receive leaves no trace of its own, so that one of three deaths may have been another's.
      return story.crashes >= 2;
    default:
      return false;
  }
}

function isTimely({ at }: DeadLetter, birth: number, { clockErrorMs, calmFrom }: OracleCase): boolean {
  return at <= Math.max(birth + PROMISES.maxAgeMs, calmFrom) + LATE_MS + clockErrorMs;
}

/** When a submission expires by its own words or its class's, if its first receive is at `since`; never, if neither says. */
export function expiryOf({ mail: { expiresAt, lastsMs } }: Story, since: number): number {
  return expiresAt ?? (lastsMs === undefined ? Infinity : since + lastsMs);
}
