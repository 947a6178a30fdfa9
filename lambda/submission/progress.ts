import type { DUPLICATE_OUTCOMES } from '../contract/metrics.ts';
import type { AttemptResult, Outcome } from '../mail/outcome.ts';
import type { Account } from '../providers/account.ts';
import { isAboutMailbox } from '../tally/words.ts';
import { isRefusedByEnough, type VendorOf } from './votes.ts';

/**
 * How a submission ended for one recipient. `refused` needs two vendors, or all providers that may be used; `held` is an
 * unknown outcome that could not be resolved, under policy `hold`.
 */
export type RecipientEnd = 'accepted' | 'suppressed' | 'refused' | 'held';

/** State of one recipient over all rounds. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: RecipientEnd;
  /** Keys of the providers that refused the message for this recipient, in words that are known to mean that. */
  readonly refusedBy: readonly string[];
  /** Keys of the providers that refused it in unknown words; these are no votes. */
  readonly unrecognisedBy: readonly string[];
  /** Keys of doubted providers that refused the mailbox: another provider is tried before the recipient ends. */
  readonly deniedBy: readonly string[];
  /** Keys of the providers with an unknown outcome. */
  readonly unknownAt: readonly string[];
  /** Keys of the providers that failed after they had received the whole request. */
  readonly failedAt: readonly string[];
  /** No further provider is tried in this round, because one may have accepted the message. */
  readonly waiting: boolean;
}

/** Attempts at one provider with an unknown outcome, and the efforts to resolve it. */
export interface UnknownAttempt {
  readonly provider: string;
  /** Account that the provider key stood for. */
  readonly account: Account;
  /** When the first of these attempts began, in epoch milliseconds. */
  readonly at: number;
  /** When the last of these attempts began, in epoch milliseconds. */
  readonly last: number;
  /** Number of queries to the provider without a result. */
  readonly asked: number;
  /** No query can add anything: the provider does not have the message, or cannot be asked. */
  readonly settled: boolean;
  /** A redrive asked to try again nevertheless: `hold` does not apply a second time. */
  readonly wished?: true;
}

/** A recipient who is not mailed: no further provider is tried, and an event reports it to the producer. */
export interface Suppression {
  readonly address: string;
  readonly provider: string;
  /** Number of the attempt that was refused. */
  readonly attempt: number;
  readonly reason: string;
  readonly detail?: string;
  /** This provider alone refused the mailbox. */
  readonly alone?: true;
}

/** Recipients that a provider has to be offered by themselves, since it refused a larger group because of one of them. */
export interface Apart {
  readonly provider: string;
  readonly group: readonly string[];
}

/** State of a submission. */
export interface Progress {
  readonly recipients: readonly RecipientProgress[];
  /** Number of attempts so far, over all rounds. */
  readonly attempts: number;
  readonly doubts: readonly UnknownAttempt[];
  /** Suppressed recipients whose event was not sent yet. */
  readonly untold: readonly Suppression[];
  readonly apart: readonly Apart[];
  readonly lastProvider?: string;
}

/**
 * Policy for an unknown outcome: ask the provider, then try another one; try another one at once; or ask, and never try
 * another one.
 */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** Recipients whose address a provider cannot carry, by its key. */
export type Beyond = ReadonlyMap<string, readonly string[]>;

/**
 * Recipients that a provider may be offered: all that have not ended, except those whose address it cannot carry or whose
 * mailbox it has refused.
 */
export function pending(progress: Progress, provider?: string, beyond: Beyond = new Map()): readonly string[] {
  const isOpen = ({ address, deniedBy }: RecipientProgress) =>
    provider === undefined || !(deniedBy.includes(provider) || beyond.get(provider)?.includes(address));
  return progress.recipients.filter((one) => !one.end && !one.waiting && isOpen(one)).map((one) => one.address);
}

/** Whether nothing is left to do in any round. */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end) && progress.untold.length === 0;
}

/** Removes the recipients whose events were sent. */
export function withoutNotified(progress: Progress, addresses: ReadonlySet<string>): Progress {
  return { ...progress, untold: progress.untold.filter(({ address }) => !addresses.has(address)) };
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

/** Adds the result of an attempt for the recipients `offered` that began at `begun` (epoch milliseconds). */
export function afterAttempt(
  progress: Progress,
  provider: string,
  offered: readonly string[],
  result: AttemptResult,
  {
    onUnknown,
    begun,
    vendorOf,
    account,
    denied = new Set(),
  }: {
    readonly onUnknown: OnUnknown;
    readonly begun: number;
    readonly vendorOf: VendorOf;
    /** Account of the provider. */
    readonly account: Account;
    /** Addresses whose mailbox a doubted provider refused. */
    readonly denied?: ReadonlySet<string>;
  },
): Consequences {
  const contradicted = new Set<string>();
  const doubled = new Map<string, PossibleDuplicate['cause']>();
  const attempts = progress.attempts + 1;
  const suppressed: Suppression[] = [];
  let lost = false;
  const recipients = progress.recipients.map((one) => {
    if (!offered.includes(one.address) || one.end) return one;
    const outcome = result.recipients?.get(one.address) ?? result.outcome;
    lost ||= outcome.kind === 'unknown';
    if (outcome.kind === 'accepted') {
      for (const key of [...one.refusedBy, ...one.unrecognisedBy, ...one.deniedBy])
        if (key !== provider) contradicted.add(key);
      for (const key of one.failedAt) doubled.set(key, 'server-error');
      for (const key of one.unknownAt) doubled.set(key, 'answer-lost');
    }
    const isRefused = outcome.kind === 'refused' && outcome.blames === 'recipient';
    // Another account of a vendor whose word is in doubt has no second opinion.
    const hasOther = one.deniedBy.some((key) => vendorOf(key) !== vendorOf(provider));
    const isDenied = isAboutMailbox(outcome) && !hasOther && (denied.has(one.address) || one.deniedBy.length > 0);
    if (isRefused && !isDenied)
      suppressed.push({
        address: one.address,
        provider,
        attempt: attempts,
        reason: outcome.reason,
        ...(outcome.detail && { detail: outcome.detail }),
        ...(isAboutMailbox(outcome) && one.deniedBy.length === 0 && { alone: true as const }),
      });
    if (isDenied) return { ...one, deniedBy: [...one.deniedBy, provider] };
    return step(one, provider, outcome, { onUnknown, vendorOf });
  });
  return {
    progress: {
      recipients,
      attempts,
      untold: [...progress.untold, ...suppressed],
      apart: result.apart ? replaced(progress.apart, provider, result.apart) : progress.apart,
      doubts: lost ? doubt(progress.doubts, { provider, account, at: begun }) : progress.doubts,
      lastProvider: provider,
    },
    contradicted: [...contradicted],
    doubled: Array.from(doubled, ([key, cause]) => ({ provider: key, cause })),
  };
}

function replaced(apart: readonly Apart[], provider: string, groups: NonNullable<AttemptResult['apart']>) {
  return [...apart.filter((one) => one.provider !== provider), ...groups.map((group) => ({ provider, group }))];
}

/**
 * The groups of `offered` that a provider has to be offered by themselves: what is left of an earlier attempt, and each
 * recipient that it has refused, unless it has refused all.
 */
export function groupsAt(progress: Progress, provider: string, offered: readonly string[]): Apart['group'][] {
  const refused = progress.recipients.filter(
    ({ address, refusedBy }) => refusedBy.includes(provider) && offered.includes(address),
  );
  const alone = refused.length < offered.length ? refused.map(({ address }) => [address]) : [];
  const left = progress.apart.filter((one) => one.provider === provider);
  return [...left.map(({ group }) => group.filter((one) => offered.includes(one))), ...alone].filter(
    ({ length }) => length > 0,
  );
}

function step(
  one: RecipientProgress,
  provider: string,
  outcome: Outcome,
  { onUnknown, vendorOf }: { readonly onUnknown: OnUnknown; readonly vendorOf: VendorOf },
): RecipientProgress {
  switch (outcome.kind) {
    case 'accepted':
      return { ...one, end: 'accepted' };
    case 'throttled':
      return one;
    case 'unrecognised':
      return { ...one, unrecognisedBy: [...new Set([...one.unrecognisedBy, provider])] };
    case 'unavailable':
      return outcome.maybeTaken ? { ...one, failedAt: [...new Set([...one.failedAt, provider])] } : one;
    case 'unknown':
      return {
        ...one,
        unknownAt: [...new Set([...one.unknownAt, provider])],
        waiting: onUnknown !== 'failover',
      };
    case 'refused': {
      if (outcome.blames === 'recipient') return { ...one, end: 'suppressed' };
      const refusedBy = [...new Set([...one.refusedBy, provider])];
      return { ...one, refusedBy, ...(isRefusedByEnough(refusedBy, vendorOf) && { end: 'refused' as const }) };
    }
  }
}

/** Adds an unknown outcome of this provider; earlier queries say nothing about this attempt. */
function doubt(
  doubts: readonly UnknownAttempt[],
  { provider, account, at }: { provider: string; account: Account; at: number },
): readonly UnknownAttempt[] {
  const before = doubts.find((one) => one.provider === provider);
  const fresh: UnknownAttempt = {
    provider,
    account,
    at: Math.min(at, before?.at ?? at),
    last: Math.max(at, before?.last ?? at),
    asked: 0,
    settled: false,
  };
  return [...doubts.filter((one) => one !== before), fresh];
}

/**
 * Ends recipients that every usable provider has refused or cannot carry, even if all are of one vendor; where they only
 * refused the mailbox, the recipient is suppressed.
 */
export function declareRefused(progress: Progress, usable: readonly string[], beyond: Beyond = new Map()): Progress {
  const refused = mapPending(progress, (one) => {
    const said = new Set([...one.refusedBy, ...one.deniedBy]);
    const isOut = (key: string) => said.has(key) || beyond.get(key)?.includes(one.address);
    if (usable.length === 0 || !usable.every(isOut)) return one;
    return { ...one, end: one.refusedBy.length > 0 || said.size === 0 ? 'refused' : 'suppressed' };
  });
  const suppressed = refused.recipients.filter(
    (one, place) => one.end === 'suppressed' && !progress.recipients[place]?.end,
  );
  const untold = suppressed.map(({ address, deniedBy }): Suppression => {
    const [provider = ''] = deniedBy;
    return { address, provider, attempt: progress.attempts, reason: 'suppressed', alone: true };
  });
  return { ...refused, untold: [...refused.untold, ...untold] };
}

/** Ends recipients that some provider may have served: policy `hold` allows no other provider, except after a redrive. */
export function declareHeld(progress: Progress): Progress {
  const isHeld = (key: string) => !progress.doubts.find(({ provider }) => provider === key)?.wished;
  return mapPending(progress, (one) => (one.unknownAt.some(isHeld) && !one.waiting ? { ...one, end: 'held' } : one));
}

/** Adds a provider's reply about its unknown outcome: which recipients it has served, and whether to ask it again. */
export function afterAnswer(
  progress: Progress,
  provider: string,
  { found, doubt }: { readonly found: ReadonlySet<string>; readonly doubt: Pick<UnknownAttempt, 'asked' | 'settled'> },
): Progress {
  const recipients = mapPending(progress, (one) => {
    if (!one.unknownAt.includes(provider)) return one;
    if (found.has(one.address)) return { ...one, end: 'accepted' };
    return { ...one, waiting: one.waiting || !doubt.settled };
  }).recipients;
  const doubts = progress.doubts.map((one) => (one.provider === provider ? { ...one, ...doubt } : one));
  return { ...progress, recipients, doubts };
}

function mapPending(progress: Progress, change: (one: RecipientProgress) => RecipientProgress): Progress {
  return { ...progress, recipients: progress.recipients.map((one) => (one.end ? one : change(one))) };
}
