import type { FaultWindow } from '../../faults/plan.ts';
import { isLimited, type OracleCase, type Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, type Story, time } from '../story.ts';

const MINUTE = 60_000;
/** Time after the last fault in which a Retry-After of an hour, set by a wrong clock, may still apply. */
const HEALED_MS = 80 * MINUTE;
/** Time for remaining work when everything works again: a message of a killed process, look-ups, a circuit that is due. */
const SLACK_MS = 15 * MINUTE;
/** Largest part of the few mails in calm that a provider's `share` may have drawn. */
const OTHERS = 0.1;

/** An hour after the last fault the first choice has the mail again, at once, and each provider the mail that only it may carry. */
export const recovery: Rule = ({ chronicle, calmFrom, providers }) => {
  const calm = [...chronicle.stories].filter(
    ({ addedAt: [at = 0], mail }) => mail.calm && !mail.canary && at > calmFrom + HEALED_MS,
  );
  const free = calm.filter(
    ({ mail }) => !mail.ordered && mail.supersedes === undefined && mail.recipients.length === 1,
  );
  const [first] = providers;
  const elsewhere = free.filter(({ attempts: [attempt] }) => attempt?.provider !== first?.key);
  return [
    ...(elsewhere.length > Math.max(2, OTHERS * free.length)
      ? [`circuit does not close: ${elsewhere.length} of ${free.length} mails in calm went past ${first?.key}`]
      : []),
    ...calm.flatMap((story) => {
      const { addedAt, acceptances, mail } = story;
      const taken = acceptances[0]?.at ?? Infinity;
      return taken > (addedAt[0] ?? 0) + 2 * MINUTE
        ? [
            `late in calm: ${named(story)}, for ${mail.usable.join(' ')}, taken at ${Number.isFinite(taken) ? time(taken) : 'no time'}`,
          ]
        : [];
    }),
  ];
};

/** When everything works again, no mail waits longer than its age. */
export const lateness: Rule = (given) => {
  if (isLimited(given)) return [];
  const { chronicle, troubles, clockErrorMs, exerciseFrom } = given;
  // In the exercise only the first provider asks for time, and no mail waits for it alone.
  const counts = ({ kind, from }: FaultWindow) => kind !== 'retry-after' || from < exerciseFrom;
  return [...chronicle.stories].flatMap((story) => {
    if (story.mail.recipients.some((one) => one.startsWith('busy'))) return [];
    return story.acceptances.slice(0, 1).flatMap(({ at }) => {
      const since = waitingSince(story, at);
      const healed = troubles.lastBefore(at, since, counts);
      const allowed = Math.min(PROMISES.longestWaitMs, PROMISES.growth * (healed - since)) + SLACK_MS + clockErrorMs;
      return at - healed > allowed
        ? [
            `late: ${named(story)} taken ${Math.round((at - healed) / MINUTE)} minutes after everything worked again at ${time(healed)}`,
          ]
        : [];
    });
  });
};

/**
 * Start of the wait that ended with the acceptance at `at`: a mail that had ended starts again when its producer sends
 * it again or an operator redrives it; after `Unknown` only when an operator does.
 */
function waitingSince({ addedAt, redrives, deadLetters }: Story, at: number): number {
  const last = deadLetters.findLast((letter) => letter.at < at);
  const ended = last?.at ?? -Infinity;
  const redriven = redrives.map((one) => one.at);
  const starts = [...(last?.reason === 'Unknown' ? [] : addedAt), ...redriven].sort((a, b) => a - b);
  const before = starts.filter((start) => start <= at);
  // Where two copies were redriven, one of them may end again before the other is accepted.
  return before.find((start) => start > ended) ?? before.at(-1) ?? addedAt[0] ?? 0;
}

/** Without faults the first call goes to the first usable provider, and not to one that was offered the superseded mail. */
export const order: Rule = (given) => {
  const { chronicle, providers } = given;
  if (isLimited(given)) return [];
  return [...chronicle.stories].flatMap((story) => {
    const [attempt] = story.attempts;
    // An attempt of a killed process, or in a dead letter, is unknown, and its provider comes last.
    const known = story.interrupted || story.receives > 1 || story.redrives.length > 0;
    if (!attempt || known) return [];
    const { decidedAt, provider } = attempt;
    if (isTroubled(given, decidedAt)) return [];
    const { sure, maybe } = earlierOffersOf(given, story, decidedAt);
    const left = story.mail.usable.filter((key) => !sure.has(key));
    const drawn = !story.mail.ordered && providers.some(({ key, share }) => key === provider && share !== undefined);
    // Providers that may have the superseded mail come after the others, if the ledger says so.
    const certain = left.findIndex((key) => !maybe.has(key));
    const wanted = certain >= 0 ? left.slice(0, certain + 1) : left.length > 0 ? left : story.mail.usable;
    return wanted.includes(provider) || (drawn && left.includes(provider))
      ? []
      : [`wrong order: ${named(story)} first over ${provider}, expected ${wanted.join(' or ')}`];
  });
};

interface EarlierOffers {
  /** Providers that accepted the superseded mail according to the ledger. */
  readonly sure: ReadonlySet<string>;
  /** Providers with an attempt for the superseded mail that is not known to have failed. */
  readonly maybe: ReadonlySet<string>;
}

/** Providers that had the superseded mail, or one that it superseded in turn. */
function earlierOffersOf(
  given: OracleCase,
  { mail: { supersedes } }: Story,
  at: number,
  seen: readonly string[] = [],
): EarlierOffers {
  const sure = new Set<string>();
  const maybe = new Set<string>();
  if (supersedes === undefined || seen.includes(supersedes)) return { sure, maybe };
  for (const story of given.chronicle.stories.ofId(supersedes)) {
    const { acceptances, attempts, firstAttempts, interrupted } = story;
    // An attempt in the ledger whose process was killed before the call counts as unknown too.
    if (interrupted) for (const [provider, begunAt] of firstAttempts) if (begunAt < at) maybe.add(provider);
    for (const { attempt, recordedAt = Infinity } of acceptances) if (recordedAt < at) sure.add(attempt.provider);
    for (const { provider, decidedAt, answer } of attempts)
      if (decidedAt < at && (interrupted || !answer || answer.at >= at || DOUBTFUL.has(answer.outcome)))
        maybe.add(provider);
    // A submission reads what it supersedes at its first call, or at a later call if the table failed.
    const before = earlierOffersOf(given, story, attempts[0]?.decidedAt ?? at, [...seen, supersedes]);
    const later = earlierOffersOf(given, story, at, [...seen, supersedes]);
    if (attempts.length > 0 && !interrupted && !isTroubled(given, attempts[0]?.decidedAt ?? at))
      for (const key of before.sure) sure.add(key);
    for (const key of [...later.sure, ...later.maybe]) maybe.add(key);
  }
  return { sure, maybe };
}

const DOUBTFUL: ReadonlySet<string> = new Set(['accepted', 'unknown']);

function isTroubled({ troubles }: OracleCase, at: number): boolean {
  return troubles.lastBefore(at, -Infinity) > at - HEALED_MS;
}
