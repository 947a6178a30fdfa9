import type { DUPLICATE_OUTCOMES } from '../contract/metric-outcomes.ts';
import type { Outcome } from '../mail/outcome.ts';
import { defined } from '../platform/defined.ts';
import { isAboutMailbox } from '../tally/words.ts';
import {
  type AttemptLog,
  FOUND,
  joinLetters,
  type Letter,
  letterAt,
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

/** Rules that decide what the result of an attempt means for its recipients. */
export interface Reading {
  readonly onUnknown: OnUnknown;
  readonly vendorOf: VendorOf;
}

/** Computes the progress of a submission from its log: applies the result of each attempt, in the order of the attempts. */
export function progressOf(log: AttemptLog, addresses: readonly string[], rules: Reading): Progress {
  const done = new Set(log.done);
  const recipients = addresses.map((address, place): RecipientProgress => {
    const end = done.has(place) && { end: 'accepted' as const };
    return {
      address,
      refusedBy: [],
      unrecognisedBy: [],
      deniedBy: [],
      unknownAt: [],
      failedAt: [],
      waiting: false,
      ...end,
    };
  });
  const start: Progress = { log, recipients, doubts: [], unreported: [], apart: [] };
  return log.attempts.reduce((progress, attempt) => step(progress, attempt, rules), start);
}

/** The progress after an attempt, and further findings of the attempt. */
export interface Consequences {
  readonly progress: Progress;
  /** Providers that had refused the message that this attempt delivered: their API may have changed. */
  readonly contradicted: readonly string[];
  /** Providers that may have accepted the message before this attempt did, each with the cause. */
  readonly doubled: readonly PossibleDuplicate[];
}

/** A provider that may have accepted what another one accepted later, and the cause. */
export interface PossibleDuplicate {
  readonly provider: string;
  readonly cause: (typeof DUPLICATE_OUTCOMES)[number];
}

/**
 * The letters of an attempt's result for the recipients `offered`; `denied` are addresses whose mailbox a doubted
 * provider refused.
 */
export function lettersOf(
  { recipients }: Progress,
  provider: string,
  offered: readonly string[],
  said: (address: string) => Outcome,
  { vendorOf, denied = new Set() }: { readonly vendorOf: VendorOf; readonly denied?: ReadonlySet<string> },
): string {
  const isOffered = new Set(offered);
  const letters = recipients.map(({ address, deniedBy }): Letter => {
    if (!isOffered.has(address)) return '-';
    const outcome = said(address);
    // Another account of a vendor whose word is in doubt has no second opinion.
    const hasOther = deniedBy.some((key) => vendorOf(key) !== vendorOf(provider));
    const isDenied = isAboutMailbox(outcome) && !hasOther && (denied.has(address) || deniedBy.length > 0);
    return isDenied ? 'd' : letterOf(outcome);
  });
  return joinLetters(letters);
}

function letterOf(outcome: Outcome): Letter {
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

/** Adds an attempt that has ended to the log and its progress; `said` is the outcome of each recipient offered. */
export function afterAttempt(
  before: Progress,
  attempt: StoredAttempt,
  said: (address: string) => Outcome,
  rules: Reading,
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

/** What follows from one more attempt; `said` is absent when it is read from a record. */
function step(
  progress: Progress,
  attempt: StoredAttempt,
  { onUnknown, vendorOf }: Reading,
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
    doubts: lost ? doubt(progress.doubts, attempt, isOld) : progress.doubts,
  };
}

/** Why a recipient is suppressed; of several outcomes of one attempt, the record has one reason. */
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

/** Letters that say nothing after a redrive. */
const FORGOTTEN: ReadonlySet<Letter> = new Set(['r', 'u', 'd']);
const LISTS = { r: 'refusedBy', u: 'unrecognisedBy', d: 'deniedBy', f: 'failedAt' } as const;

function replaced({ recipients, apart }: Progress, provider: string, groups: NonNullable<StoredAttempt['apart']>) {
  const named = groups.map((group) => ({
    provider,
    group: group.flatMap((place) => recipients[place]?.address ?? []),
  }));
  return [...apart.filter((one) => one.provider !== provider), ...named];
}

/** Adds an unknown outcome of a provider to its earlier ones; earlier queries say nothing about this attempt. */
function doubt(
  doubts: readonly UnknownAttempt[],
  { provider, account, begun, asked = 0, settled }: StoredAttempt,
  isOld: boolean,
): readonly UnknownAttempt[] {
  const before = doubts.find((one) => one.provider === provider);
  const all: UnknownAttempt = {
    provider,
    account,
    at: Math.min(begun, before?.at ?? begun),
    last: Math.max(begun, before?.last ?? begun),
    asked,
    settled: settled === true && (before === undefined || before.settled),
    ...(isOld && (before === undefined || before.reopened) && { reopened: true as const }),
  };
  return [...doubts.filter((one) => one !== before), all];
}

/** Reply of a provider about its unknown outcome. */
export interface Reply extends Pick<UnknownAttempt, 'asked' | 'settled'> {
  /** Message id of each recipient that it has served. */
  readonly found: ReadonlyMap<string, string>;
}

/** Adds a provider's reply about its unknown outcome: which recipients it has served, and whether to ask it again. */
export function afterAnswer(progress: Progress, provider: string, reply: Reply, rules: Reading): Progress {
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

function isUnknown({ each }: StoredAttempt, { onUnknown }: Reading): boolean {
  return each.includes('?') || (onUnknown === 'hold' && each.includes('f'));
}
