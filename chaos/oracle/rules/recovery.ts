import type { FaultWindow } from '../../faults/plan.ts';
import { type History, named, time } from '../history.ts';
import { isLimited, type OracleInput, type Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

const MINUTE = 60_000;
/**
 * Longest time for which a fault may have an effect after its end. Example: a process with a wrong clock recorded a Retry-After
 * of an hour.
 */
const HEALED_MS = 80 * MINUTE;
/**
 * Longest time for waits that remain from the last fault: the visibility time-out of messages of a killed process, look-ups of
 * sent mail, or the time until the sender probes a provider whose circuit breaker is open.
 */
const SLACK_MS = 15 * MINUTE;
/**
 * Largest part of the mail of the quiet phase (the time after the last random fault) that may go to another provider first
 * because this other provider has a configured `share`.
 */
const OTHERS = 0.1;

/**
 * In the quiet phase, from 80 minutes after the last random fault, new mail goes to the first provider of the list, and providers
 * accept every mail within two minutes.
 */
export const recovery: Rule = ({ recorder, quietFrom, providers }) => {
  const quiet = [...recorder.histories].filter(
    ({ addedAt: [at = 0], mail }) => mail.quiet && !mail.canary && at > quietFrom + HEALED_MS,
  );
  const free = quiet.filter(
    ({ mail }) => !mail.ordered && mail.supersedes === undefined && mail.recipients.length === 1,
  );
  const [first] = providers;
  const elsewhere = free.filter(({ attempts: [attempt] }) => attempt?.provider !== first?.key);
  return [
    ...(elsewhere.length > Math.max(2, OTHERS * free.length)
      ? [
          `circuit does not close: ${elsewhere.length} of ${free.length} mails of the quiet phase went past ${first?.key}`,
        ]
      : []),
    ...quiet.flatMap((history) => {
      const { addedAt, acceptances, mail } = history;
      const taken = acceptances[0]?.at ?? Infinity;
      return taken > (addedAt[0] ?? 0) + 2 * MINUTE
        ? [
            `late in the quiet phase: ${named(history)}, for ${mail.usable.join(' ')}, taken at ${Number.isFinite(taken) ? time(taken) : 'no time'}`,
          ]
        : [];
    }),
  ];
};

/**
 * After all faults have ended, a provider accepts a mail within a limited time. The limit is 1.25 times the time for which the
 * mail had waited until the end of the faults, an hour at most, and a tolerance of 15 minutes.
 */
export const lateness: Rule = (given) => {
  if (isLimited(given)) return [];
  const { recorder, faultTimes, clockErrorMs, scriptedFrom } = given;
  // A Retry-After in the scripted phase, a fixed list of steps at the end of a run, delays no mail: only the first provider
  // answers with a Retry-After, and all mail may use other providers.
  const counts = ({ kind, from }: FaultWindow) => kind !== 'retry-after' || from < scriptedFrom;
  return [...recorder.histories].flatMap((history) => {
    if (history.mail.recipients.some((one) => one.startsWith('busy'))) return [];
    return history.acceptances.slice(0, 1).flatMap(({ at }) => {
      const since = waitingSince(history, at);
      const healed = faultTimes.lastBefore(at, since, counts);
      const allowed = Math.min(PROMISES.longestWaitMs, PROMISES.growth * (healed - since)) + SLACK_MS + clockErrorMs;
      return at - healed > allowed
        ? [
            `late: ${named(history)} taken ${Math.round((at - healed) / MINUTE)} minutes after everything worked again at ${time(healed)}`,
          ]
        : [];
    });
  });
};

/**
 * Returns the start of the wait that ended with the acceptance at `at`. The wait of a dead-lettered mail starts again when its
 * producer submits the mail again or an operator redrives it. After a dead letter with the reason `Unknown` only a redrive starts
 * the wait again.
 */
function waitingSince({ addedAt, redrives, deadLetters }: History, at: number): number {
  const last = deadLetters.findLast(({ at: deadAt }) => deadAt < at);
  const ended = last?.at ?? -Infinity;
  const redriven = redrives.map((one) => one.at);
  const starts = [...(last?.reason === 'Unknown' ? [] : addedAt), ...redriven].sort((a, b) => a - b);
  const before = starts.filter((start) => start <= at);
  // If two duplicate messages of a mail were redriven, one message may be dead-lettered again before a provider accepts the mail of the
  // other message.
  return before.find((start) => start > ended) ?? before.at(-1) ?? addedAt[0] ?? 0;
}

/**
 * Without faults, the first call for a mail goes to the first provider that the mail may use. Providers that accepted the superseded
 * mail, or may have accepted it, come last.
 */
export const order: Rule = (given) => {
  const { recorder, providers } = given;
  if (isLimited(given)) return [];
  return [...recorder.histories].flatMap((history) => {
    const [attempt] = history.attempts;
    // After an interruption, a second receive or a redrive, the ledger may contain an attempt with an unknown outcome for which
    // no call was made. The provider of this attempt then comes last.
    const known = history.interrupted || history.receives > 1 || history.redrives.length > 0;
    if (!attempt || known) return [];
    const { decidedAt, provider } = attempt;
    if (hadFaults(given, decidedAt)) return [];
    const { sure, maybe } = earlierOffersOf(given, history, decidedAt);
    const left = history.mail.usable.filter((key) => !sure.has(key));
    const drawn = !history.mail.ordered && providers.some(({ key, share }) => key === provider && share !== undefined);
    // If the outcome of an attempt for the superseded mail is unknown in the ledger, the provider of this attempt comes after the other
    // providers.
    const certain = left.findIndex((key) => !maybe.has(key));
    const wanted = certain >= 0 ? left.slice(0, certain + 1) : left.length > 0 ? left : history.mail.usable;
    return wanted.includes(provider) || (drawn && left.includes(provider))
      ? []
      : [`wrong order: ${named(history)} first over ${provider}, expected ${wanted.join(' or ')}`];
  });
};

interface EarlierOffers {
  /** Providers that accepted the superseded mail according to the ledger. */
  readonly sure: ReadonlySet<string>;
  /** Providers that may have accepted the superseded mail: there was an attempt, and it is not known that the attempt failed. */
  readonly maybe: ReadonlySet<string>;
}

/**
 * Returns the providers that accepted, or may have accepted, the superseded mail or an earlier mail which that mail had superseded.
 */
function earlierOffersOf(
  given: OracleInput,
  { mail: { supersedes } }: History,
  at: number,
  seen: readonly string[] = [],
): EarlierOffers {
  const sure = new Set<string>();
  const maybe = new Set<string>();
  if (supersedes === undefined || seen.includes(supersedes)) return { sure, maybe };
  for (const history of given.recorder.histories.ofId(supersedes)) {
    const { acceptances, attempts, firstAttempts, interrupted } = history;
    // An attempt in the ledger also counts as unknown if the process was killed before the call.
    if (interrupted) for (const [provider, begunAt] of firstAttempts) if (begunAt < at) maybe.add(provider);
    for (const { attempt, recordedAt = Infinity } of acceptances) if (recordedAt < at) sure.add(attempt.provider);
    for (const { provider, decidedAt, answer } of attempts)
      if (decidedAt < at && (interrupted || !answer || answer.at >= at || POSSIBLY_ACCEPTED.has(answer.outcome)))
        maybe.add(provider);
    // The sender reads the record of the superseded mail before the first call for a submission, or before a later call if the
    // table failed before the first call.
    const before = earlierOffersOf(given, history, attempts[0]?.decidedAt ?? at, [...seen, supersedes]);
    const later = earlierOffersOf(given, history, at, [...seen, supersedes]);
    if (attempts.length > 0 && !interrupted && !hadFaults(given, attempts[0]?.decidedAt ?? at))
      for (const key of before.sure) sure.add(key);
    for (const key of [...later.sure, ...later.maybe]) maybe.add(key);
  }
  return { sure, maybe };
}

const POSSIBLY_ACCEPTED: ReadonlySet<string> = new Set(['accepted', 'unknown']);

function hadFaults({ faultTimes }: OracleInput, at: number): boolean {
  return faultTimes.lastBefore(at, -Infinity) > at - HEALED_MS;
}
