import type { Account } from '../contract/account.ts';
import type { DUPLICATE_OUTCOMES } from '../contract/metrics.ts';
import type { AttemptResult, Outcome } from '../mail/outcome.ts';
import { isAboutMailbox } from '../tally/words.ts';

/** The vendor of a configured provider by its key; undefined for one that is not configured any more. */
export type VendorOf = (provider: string) => string | undefined;

/** How a submission ended for one recipient. `refused` needs two vendors, or all providers that may be used; `held` is a doubt that nobody could settle, under policy `hold`. */
export type RecipientEnd = 'accepted' | 'suppressed' | 'refused' | 'held';

/** Where one recipient stands, over all retries. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: RecipientEnd;
  /** Keys of the providers that called the message bad for this recipient, in words that are known to say so. */
  readonly refusedBy: readonly string[];
  /** Keys of the providers that refused it in words that nobody knows: no votes. */
  readonly unrecognisedBy: readonly string[];
  /** Keys of the providers in doubt that called the mailbox bad: another one is asked before that ends it. */
  readonly deniedBy: readonly string[];
  /** Keys of the providers whose answer was lost. */
  readonly unknownAt: readonly string[];
  /** Keys of the providers that failed with the whole request in their hands. */
  readonly failedAt: readonly string[];
  /** In this round no further provider is tried, because one may have taken the mail. */
  readonly waiting: boolean;
}

/** An answer of a provider that was lost, and what was done to learn it. */
export interface UnknownAttempt {
  readonly provider: string;
  /** Whom that key stood for; absent in what an older release wrote. */
  readonly account?: Account;
  /** When the first attempt in doubt began, in epoch milliseconds. */
  readonly at: number;
  /** How often the provider could not say. */
  readonly asked: number;
  /** Nothing more is to be learned: the provider has nothing, or cannot be asked. */
  readonly settled: boolean;
  /** Somebody wants it tried again in spite of it: `hold` does not hold it once more. */
  readonly wished?: true;
}

/** A recipient that is not mailed: it goes to no further provider, and the producer is told by an event. */
export interface Suppression {
  readonly address: string;
  readonly provider: string;
  /** Number of the attempt that learned it. */
  readonly attempt: number;
  readonly reason: string;
  readonly detail?: string;
  /** It was the word of this provider alone, about the mailbox. */
  readonly alone?: true;
}

/** Where a submission stands. */
export interface Progress {
  readonly recipients: readonly RecipientProgress[];
  /** Attempts so far, over all retries. */
  readonly attempts: number;
  readonly doubts: readonly UnknownAttempt[];
  /** Suppressed recipients whose event is not out yet. */
  readonly untold: readonly Suppression[];
  readonly lastProvider?: string;
}

/** How an unknown answer is treated: ask, then another provider; another provider at once; or ask, and never another one. */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** Two different vendors must agree before a message is declared bad; the vote of a provider that is gone does not count. */
export function isRefusedByEnough(refusedBy: readonly string[], vendorOf: VendorOf): boolean {
  const vendors = new Set(refusedBy.map(vendorOf).filter((vendor) => vendor !== undefined));
  return vendors.size >= QUORUM;
}

const QUORUM = 2;

/** Recipients whose address a provider cannot carry, by its key. */
export type Beyond = ReadonlyMap<string, readonly string[]>;

/** Recipients that the next provider may be offered: that one, if it is given, can carry their address, and has not called their mailbox bad. */
export function pending(progress: Progress, provider?: string, beyond: Beyond = new Map()): readonly string[] {
  const isOpen = ({ address, deniedBy }: RecipientProgress) =>
    provider === undefined || !(deniedBy.includes(provider) || beyond.get(provider)?.includes(address));
  return progress.recipients.filter((one) => !one.end && !one.waiting && isOpen(one)).map((one) => one.address);
}

/** Whether nothing is left to do in any round. */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end) && progress.untold.length === 0;
}

/** Takes in that the events of these recipients are out. */
export function withoutNotified(progress: Progress, addresses: ReadonlySet<string>): Progress {
  return { ...progress, untold: progress.untold.filter(({ address }) => !addresses.has(address)) };
}

/** A change that an attempt made beyond the state itself. */
export interface Consequences {
  readonly progress: Progress;
  /** Providers that had refused what this one took: their API may have changed. */
  readonly contradicted: readonly string[];
  /** Providers that may have taken, before, what this one took now, and how that came about. */
  readonly doubled: readonly PossibleDuplicate[];
}

/** A provider that may have taken, before, what another one took, and how that came about. */
export interface PossibleDuplicate {
  readonly provider: string;
  readonly cause: (typeof DUPLICATE_OUTCOMES)[number];
}

/** Takes in the result of an attempt that was offered `offered` and began at `begun` (epoch milliseconds). */
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
    readonly account?: Account;
    /** Addresses whose mailbox a provider in doubt called bad. */
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
    const isDenied = denied.has(one.address) && one.deniedBy.length === 0;
    if (outcome.kind === 'refused' && outcome.blames === 'recipient' && !isDenied)
      suppressed.push({
        address: one.address,
        provider,
        attempt: attempts,
        reason: outcome.reason,
        ...(outcome.detail && { detail: outcome.detail }),
        ...(isAboutMailbox(outcome) && one.deniedBy.length === 0 && { alone: true as const }),
      });
    if (isDenied) return { ...one, deniedBy: [provider] };
    return step(one, provider, outcome, { onUnknown, vendorOf });
  });
  return {
    progress: {
      recipients,
      attempts,
      untold: [...progress.untold, ...suppressed],
      doubts: lost ? doubt(progress.doubts, { provider, account, at: begun }) : progress.doubts,
      lastProvider: provider,
    },
    contradicted: [...contradicted],
    doubled: Array.from(doubled, ([key, cause]) => ({ provider: key, cause })),
  };
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

/** Doubts this provider anew: whatever was learned about an earlier attempt says nothing about this one. */
function doubt(
  doubts: readonly UnknownAttempt[],
  { provider, account, at }: { provider: string; account: Account | undefined; at: number },
): readonly UnknownAttempt[] {
  const before = doubts.find((one) => one.provider === provider);
  const known = account ?? before?.account;
  const fresh: UnknownAttempt = {
    provider,
    ...(known && { account: known }),
    at: Math.min(at, before?.at ?? at),
    asked: 0,
    settled: false,
  };
  return [...doubts.filter((one) => one !== before), fresh];
}

/**
 * Declares the message bad for the recipients that every provider that may be used has refused, even if all are of one vendor, or
 * cannot carry; where all that was said is that the mailbox is bad, it is believed: nothing is left to ask.
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

/** Gives up on those whom some provider may have served: policy `hold` lets no other one try, unless somebody wishes it. */
export function declareHeld(progress: Progress): Progress {
  const isHeld = (key: string) => !progress.doubts.find(({ provider }) => provider === key)?.wished;
  return mapPending(progress, (one) => (one.unknownAt.some(isHeld) && !one.waiting ? { ...one, end: 'held' } : one));
}

/** Takes in what a provider said about its lost answer: whom it has served, and whether it is worth asking it again. */
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
