import type { OracleCase, Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { type DeadLetter, named, type Story } from '../story.ts';

/**
 * Longest delay of a dead letter after the end of its mail's time, because of the last wait, look-ups, or a queue that
 * fails.
 */
const LATE_MS = 3 * 3_600_000;

/** A dead letter has a true reason, is not too early, and is not for accepted recipients. */
export const deadLetters: Rule = (given) => {
  const ids = new Map<string, number>();
  for (const { id } of given.chronicle.stories) ids.set(id, (ids.get(id) ?? 0) + 1);
  return [...given.chronicle.stories].flatMap((story) => {
    const shared = (ids.get(story.id) ?? 0) > 1;
    return [
      ...story.deadLetters
        .filter((letter) => !isLegal(letter, story, shared, given))
        .map(({ reason = 'moved by SQS', detail = '' }) => `dead letter: ${named(story)} ${reason}: ${detail}`),
      ...wrongRecipients(story),
    ];
  });
};

/** Dead letters that list a recipient as not served although the ledger had the acceptance. */
function wrongRecipients(story: Story): string[] {
  const { mail, acceptances, deadLetters } = story;
  return deadLetters.flatMap(({ at, reason, done }) => {
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
  const { mail, refusedBy, unknown, interrupted, deadLetters, addedAt, redrives, receives } = story;
  const { mayCrash, maxReceiveCount } = given;
  // All processes of the exercise began with clocks that are right.
  const clockErrorMs = mail.part === undefined ? given.clockErrorMs : PROMISES.clockMs;
  const [first = at] = addedAt;
  switch (reason) {
    case 'Malformed':
      // A later release may read it: it waits for that until SQS would move it.
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
      // A redrive starts again; the dead letter may belong to any of the starts.
      const starts = [...addedAt, ...redrives.map((one) => one.at)];
      const hasTime = mail.expiresAt !== undefined || mail.lastsMs !== undefined;
      return (
        !hasTime &&
        starts.some((start) => at + clockErrorMs >= start + PROMISES.maxAgeMs && isTimely(letter, start, given))
      );
    }
    case 'Refused':
      // One provider may be wrong about a message; alone it may end only mail that no other may carry, or that all others
      // refused because of its recipients.
      return (
        mail.trait === 'bad' ||
        (refusedBy.size > 0 && mail.usable.every((provider) => refusedBy.has(provider) || hasRefused(story, provider)))
      );
    case 'Unknown':
      // With a wrong clock a lease seems over while its worker waits for the provider, and the call counts as interrupted.
      return mail.onUnknown === 'hold' && (unknown > 0 || interrupted || (story.skewed && story.attempts.length > 0));
    case undefined:
      // SQS lost the deletion of a dead-lettered message that was received as often as allowed.
      // Killed processes received it as often; refused invocations leave no record.
      return (
        (mayCrash && receives >= maxReceiveCount) ||
        deadLetters.some((other) => other.reason !== undefined && other.at <= at)
      );
    case 'Crashed':
      // The first receive leaves no record, so one of three crashes may have been another message's.
      return story.crashes >= 2;
    default:
      return false;
  }
}

function hasRefused({ attempts }: Story, provider: string): boolean {
  return attempts.some((one) => one.provider === provider && one.answer?.outcome === 'refused');
}

function isTimely({ at }: DeadLetter, start: number, { clockErrorMs, calmFrom }: OracleCase): boolean {
  return at <= Math.max(start + PROMISES.maxAgeMs, calmFrom) + LATE_MS + clockErrorMs;
}

/** Time at which a submission expires, by itself or its class, if its first receive is at `since`; infinite without an expiry. */
export function expiryOf({ mail: { expiresAt, lastsMs } }: Story, since: number): number {
  return expiresAt ?? (lastsMs === undefined ? Infinity : since + lastsMs);
}
