import type { DUPLICATE_OUTCOMES } from '../contract/metric-outcomes.ts';
import type { Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import { isAboutMailbox } from '../tally/mailbox-refusal.ts';
import {
  type AttemptLog,
  FOUND,
  joinLetters,
  letterAt,
  type ResultLetter,
  type StoredAttempt,
  withAttempt,
  withDone,
} from './log.ts';
import {
  type OnUnknown,
  type Progress,
  placesOf,
  type RecipientProgress,
  type Suppression,
  type UnknownAttempt,
} from './progress.ts';
import { isRefusedByEnough, type VendorOf } from './votes.ts';

/** Rules by which the result of an attempt is applied to its recipients. */
export interface ReplayRules {
  readonly onUnknown: OnUnknown;
  readonly vendorOf: VendorOf;
}

/** Computes the progress of a submission from its log: applies the results of all attempts, in the order of the attempts. */
export function progressOf(log: AttemptLog, addresses: readonly string[], rules: ReplayRules): Progress {
  const done = new Set(log.done);
  const recipients = addresses.map(
    (address, place): RecipientProgress => ({
      address,
      ...defined({ end: done.has(place) ? 'accepted' : undefined }),
      refusedBy: [],
      unrecognisedBy: [],
      deniedBy: [],
      unknownAt: [],
      failedAt: [],
      waiting: false,
    }),
  );
  const start: Progress = { log, recipients, unknownAttempts: [], unreported: [], apart: [] };
  return log.attempts.reduce((progress, attempt) => step(progress, attempt, rules), start);
}

/** The progress after an attempt, and what the attempt shows about other providers. */
export interface Consequences {
  readonly progress: Progress;
  /**
   * Keys of other providers that had refused a recipient, before the provider of this attempt accepted the message for the same
   * recipient. Mailover may have misread such a refusal, for example because the API of the provider has changed.
   */
  readonly contradicted: readonly string[];
  /**
   * Providers that may have accepted the message before the provider of this attempt accepted it, each with the reason why this
   * is uncertain.
   */
  readonly doubled: readonly PossibleDuplicate[];
}

/**
 * A provider that may have accepted the message before another provider, or the same provider in a later attempt, accepted it.
 * `cause`: why this is uncertain.
 */
export interface PossibleDuplicate {
  readonly provider: string;
  readonly cause: (typeof DUPLICATE_OUTCOMES)[number];
}

/**
 * Returns the result of an attempt as one letter for each recipient. `offered` contains the addresses in the call to the
 * provider. All other recipients get the letter `-`. `denied` contains the addresses whose mailbox this provider has refused, if
 * Mailover doubts that such refusals of this provider are correct.
 */
export function lettersOf(
  { recipients }: Progress,
  provider: string,
  offered: readonly string[],
  said: (address: string) => Outcome,
  { vendorOf, denied = new Set() }: { readonly vendorOf: VendorOf; readonly denied?: ReadonlySet<string> },
): string {
  const isOffered = new Set(offered);
  const letters = recipients.map(({ address, deniedBy }): ResultLetter => {
    if (!isOffered.has(address)) return '-';
    const outcome = said(address);
    // Only a refusal by a provider of another vendor confirms a doubtful refusal. A refusal by another account at the same vendor
    // does not.
    const hasOther = deniedBy.some((key) => vendorOf(key) !== vendorOf(provider));
    const isDenied = isAboutMailbox(outcome) && !hasOther && (denied.has(address) || deniedBy.length > 0);
    return isDenied ? 'd' : letterOf(outcome);
  });
  return joinLetters(letters);
}

function letterOf(outcome: Outcome): ResultLetter {
  switch (outcome.kind) {
    case 'accepted':
      return 'a';
    case 'throttled':
      return 'n';
    case 'unavailable':
      return outcome.maybeTaken ? 'f' : 'n';
    case 'unrecognised':
      return 'u';
    case 'unknown':
      return '?';
    case 'refused':
      return outcome.blames === 'recipient' ? 's' : 'r';
  }
}

/**
 * Adds an attempt that has ended to the log and to the progress. `said` returns the outcome for an address that was in the call
 * to the provider.
 */
export function afterAttempt(
  before: Progress,
  attempt: StoredAttempt,
  said: (address: string) => Outcome,
  rules: ReplayRules,
): Consequences {
  const { provider, each } = attempt;
  const taken = (one: RecipientProgress, place: number) => !one.end && letterAt(each, place) === 'a';
  const served = before.recipients.filter(taken);
  const contradicted = served.flatMap((one) => [...one.refusedBy, ...one.unrecognisedBy, ...one.deniedBy]);
  const doubled = new Map<string, PossibleDuplicate['cause']>();
  for (const { failedAt, unknownAt } of served) {
    for (const key of failedAt) doubled.set(key, 'server-error');
    for (const key of unknownAt) doubled.set(key, 'answer-lost');
  }
  const after = step(before, attempt, rules, said);
  const accepted = before.recipients.flatMap((one, place) => (taken(one, place) ? [place] : []));
  return {
    progress: { ...after, log: withDone(withAttempt(before.log, attempt), accepted) },
    contradicted: [...new Set(contradicted)].filter((key) => key !== provider),
    doubled: Array.from(doubled, ([key, cause]) => ({ provider: key, cause })),
  };
}

/**
 * Returns the progress after one more attempt. `said` returns the outcome for an address; it is absent if the attempt is read
 * from a record.
 */
function step(
  progress: Progress,
  attempt: StoredAttempt,
  { onUnknown, vendorOf }: ReplayRules,
  said?: (address: string) => Outcome,
): Progress {
  const { provider, each, number, apart, redrive = 0 } = attempt;
  const isOld = redrive < progress.log.redrives;
  const suppressed: Suppression[] = [];
  let lost = false;
  const recipients = progress.recipients.map((one, place): RecipientProgress => {
    const letter = letterAt(each, place);
    const isLost = letter === '?' || (letter === 'f' && onUnknown === 'hold');
    lost ||= isLost && !one.end;
    if (one.end || letter === '-' || letter === 'n' || (isOld && FORGOTTEN.has(letter))) return one;
    if (letter === 'a') return { ...one, end: 'accepted' };
    if (letter === 's') {
      suppressed.push({ address: one.address, provider, attempt: number, ...causeOf(one, attempt, said) });
      return { ...one, end: 'suppressed' };
    }
    const list = isLost ? 'unknownAt' : LISTS[letter as keyof typeof LISTS];
    const next = { ...one, [list]: [...new Set([...one[list], provider])] };
    if (isLost) return { ...next, waiting: one.waiting || (!attempt.settled && onUnknown !== 'failover') };
    return isRefusedByEnough(next.refusedBy, vendorOf) ? { ...next, end: 'refused' } : next;
  });
  return {
    ...progress,
    recipients,
    unreported: suppressed.length === 0 ? progress.unreported : [...progress.unreported, ...suppressed],
    apart: apart && !isOld ? replaced(progress, provider, apart) : progress.apart,
    unknownAttempts: lost ? withUnknown(progress.unknownAttempts, attempt, isOld) : progress.unknownAttempts,
  };
}

/**
 * Returns the reason for a suppression. Without `said` this is the reason in the record, which stores only one reason per
 * attempt, even if the recipients of the attempt had different reasons.
 */
function causeOf(
  { address, deniedBy }: RecipientProgress,
  { blames, reason }: StoredAttempt,
  said?: (address: string) => Outcome,
): Pick<Suppression, 'reason' | 'detail' | 'alone'> {
  const outcome = said?.(address);
  if (outcome?.kind !== 'refused') return { reason: (blames === 'recipient' && reason) || 'suppressed' };
  return {
    reason: outcome.reason,
    ...defined({
      detail: outcome.detail || undefined,
      alone: (isAboutMailbox(outcome) && deniedBy.length === 0) || undefined,
    }),
  };
}

/** The result letters that no longer count after a redrive: refusals of the message, and doubtful refusals of the mailbox. */
const FORGOTTEN: ReadonlySet<ResultLetter> = new Set(['r', 'u', 'd']);
const LISTS = { r: 'refusedBy', u: 'unrecognisedBy', d: 'deniedBy', f: 'failedAt' } as const;

function replaced({ recipients, apart }: Progress, provider: string, groups: NonNullable<StoredAttempt['apart']>) {
  const named = groups.map((group) => ({
    provider,
    group: group.flatMap((place) => recipients[place]?.address ?? []),
  }));
  return [...apart.filter((one) => one.provider !== provider), ...named];
}

/**
 * Adds an attempt with an unknown outcome to the earlier attempts with unknown outcomes at the same provider. The result has the
 * number of queries (`asked`) of this attempt only.
 */
function withUnknown(
  unknownAttempts: readonly UnknownAttempt[],
  { provider, account, begun, asked = 0, settled }: StoredAttempt,
  isOld: boolean,
): readonly UnknownAttempt[] {
  const before = unknownAttempts.find((one) => one.provider === provider);
  const all: UnknownAttempt = {
    provider,
    account,
    at: Math.min(begun, before?.at ?? begun),
    last: Math.max(begun, before?.last ?? begun),
    asked,
    settled: settled === true && (before === undefined || before.settled),
    ...defined({ reopened: (isOld && (before === undefined || before.reopened)) || undefined }),
  };
  return [...unknownAttempts.filter((one) => one !== before), all];
}

/** Answer of a provider to a query about an attempt whose outcome is unknown. */
export interface Reply extends Pick<UnknownAttempt, 'asked' | 'settled'> {
  /** The provider's message id for each recipient for which the provider has accepted the mail, by address. */
  readonly found: ReadonlyMap<string, string>;
}

/**
 * Adds a provider's answer to a query about attempts with an unknown outcome to the progress. The answer shows for which
 * recipients the provider has accepted the mail, and whether the provider must be asked again.
 */
export function afterAnswer(progress: Progress, provider: string, reply: Reply, rules: ReplayRules): Progress {
  const { found, asked, settled } = reply;
  const [providerMessageId] = found.values();
  const attempts = progress.log.attempts.map((one): StoredAttempt => {
    if (one.provider !== provider || !isUnknown(one, rules)) return one;
    return {
      ...one,
      ...defined({ asked: asked > 0 ? asked : undefined, settled: settled || undefined }),
      ...(providerMessageId !== undefined && { outcome: 'accepted', reason: FOUND, providerMessageId }),
    };
  });
  const served = placesOf(progress, (one) => !one.end && one.unknownAt.includes(provider) && found.has(one.address));
  const addresses = progress.recipients.map(({ address }) => address);
  return progressOf(withDone({ ...progress.log, attempts }, served), addresses, rules);
}

function isUnknown({ each }: StoredAttempt, { onUnknown }: ReplayRules): boolean {
  return each.includes('?') || (onUnknown === 'hold' && each.includes('f'));
}
