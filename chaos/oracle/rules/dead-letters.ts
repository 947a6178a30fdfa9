import { type DeadLetter, type History, named } from '../history.ts';
import type { OracleInput, Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

/**
 * Longest time until the dead letter of a mail without an expiry, from the age limit of the mail (four days) or from the last
 * random fault, if the fault is later. The time includes the last wait, look-ups, and failures of the queue.
 */
const LATE_MS = 3 * 3_600_000;

/**
 * A dead letter has a true reason and is not sent too early. If the ledger shows that a provider accepted the mail for a
 * recipient, the dead letter lists this recipient as done.
 */
export const deadLetters: Rule = (given) => {
  const ids = new Map<string, number>();
  for (const { id } of given.recorder.histories) ids.set(id, (ids.get(id) ?? 0) + 1);
  return [...given.recorder.histories].flatMap((history) => {
    const shared = (ids.get(history.id) ?? 0) > 1;
    return [
      ...history.deadLetters
        .filter((letter) => !isLegal(letter, history, shared, given))
        .map(({ reason = 'moved by SQS', detail = '' }) => `dead letter: ${named(history)} ${reason}: ${detail}`),
      ...wrongRecipients(history),
    ];
  });
};

/**
 * Returns violations for dead letters that do not list a recipient as done although the acceptance for this recipient was in the
 * ledger.
 */
function wrongRecipients(history: History): string[] {
  const { mail, acceptances, deadLetters } = history;
  return deadLetters.flatMap(({ at, reason, done }) => {
    const served = acceptances.some(
      ({ recipients, recordedAt = Infinity }) =>
        recordedAt < at && recipients.some((one) => !done.includes(mail.recipients.indexOf(one))),
    );
    return served && reason !== undefined && reason !== 'IdConflict'
      ? [`dead letter although it was accepted: ${named(history)} ${reason}`]
      : [];
  });
}

function isLegal(letter: DeadLetter, history: History, shared: boolean, given: OracleInput): boolean {
  const { reason, at } = letter;
  const { mail, refusedBy, unknown, interrupted, deadLetters, addedAt, redrives, receives } = history;
  const { mayCrash, maxReceiveCount } = given;
  // All processes of the scripted phase (a fixed list of steps at the end of a run) start with correct clocks.
  const clockErrorMs = mail.step === undefined ? given.clockErrorMs : PROMISES.clockMs;
  const [first = at] = addedAt;
  switch (reason) {
    case 'Malformed':
      // A submission with a later version waits for a release that can read this version, until the last receive before SQS would move
      // the message to the dead-letter queue.
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
      return at + clockErrorMs >= expiryOf(history, first);
    case 'Exhausted': {
      // A redrive starts the age of a mail again at 0. So the dead letter may be right for the submission or for any redrive.
      const starts = [...addedAt, ...redrives.map((one) => one.at)];
      const hasTime = mail.expiresAt !== undefined || mail.expiresAfterMs !== undefined;
      return (
        !hasTime &&
        starts.some((start) => at + clockErrorMs >= start + PROMISES.maxAgeMs && isTimely(letter, start, given))
      );
    }
    case 'Refused':
      // One provider may refuse a good message by mistake. Such a refusal justifies a dead letter only if every other provider that the
      // mail may use has also refused the mail, for any reason.
      return (
        mail.trait === 'bad' ||
        (refusedBy.size > 0 &&
          mail.usable.every((provider) => refusedBy.has(provider) || hasRefused(history, provider)))
      );
    case 'Unknown':
      // To a process with a wrong clock, the lease of another worker may seem expired while that worker still waits for the provider.
      // The call then counts as interrupted.
      return (
        mail.onUnknown === 'hold' && (unknown > 0 || interrupted || (history.skewed && history.attempts.length > 0))
      );
    case undefined:
      // There are two reasons. The message was received as often as SQS allows, by processes that were killed or in invocations
      // that Lambda refused. Or SQS lost the deletion of a message that the sender had dead-lettered before.
      return (
        (mayCrash && receives >= maxReceiveCount) ||
        deadLetters.some((other) => other.reason !== undefined && other.at <= at)
      );
    case 'Crashed':
      // The first receive writes no record of the receive. Therefore only two of the three crashes certainly occurred with this message.
      return history.crashes >= 2;
    default:
      return false;
  }
}

function hasRefused({ attempts }: History, provider: string): boolean {
  return attempts.some((one) => one.provider === provider && one.answer?.outcome === 'refused');
}

function isTimely({ at }: DeadLetter, start: number, { clockErrorMs, quietFrom }: OracleInput): boolean {
  return at <= Math.max(start + PROMISES.maxAgeMs, quietFrom) + LATE_MS + clockErrorMs;
}

/**
 * Returns the time at which a submission expires: its `expiresAt`, or else the configured time of its class, counted from the first
 * receive at `since`; infinite if it has neither.
 */
export function expiryOf({ mail: { expiresAt, expiresAfterMs } }: History, since: number): number {
  return expiresAt ?? (expiresAfterMs === undefined ? Infinity : since + expiresAfterMs);
}
