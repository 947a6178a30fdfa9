import type { ProviderAccount } from '../providers/account.ts';
import { type AttemptLog, countOf, withDone } from './log.ts';

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
  /** No further provider is tried, because one with an unknown outcome may still answer a query. */
  readonly waiting: boolean;
  /** No provider is tried in this round, since the class lets this recipient wait; its time runs on. */
  readonly gated?: boolean;
}

/** Attempts at one provider with an unknown outcome, and the efforts to resolve it. */
export interface UnknownAttempt {
  readonly provider: string;
  /** Account of the provider key at that time. */
  readonly account: ProviderAccount;
  /** When the first of these attempts began, in epoch milliseconds. */
  readonly at: number;
  /** When the last of these attempts began, in epoch milliseconds. */
  readonly last: number;
  /** Number of queries to the provider without a result. */
  readonly asked: number;
  /** No query can add anything: the provider does not have the message, or cannot be asked. */
  readonly settled: boolean;
  /** A redrive asked to try again nevertheless: `hold` does not apply a second time. */
  readonly reopened?: true;
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

/** State of a submission: its log, and what follows from it. */
export interface Progress {
  readonly log: AttemptLog;
  readonly recipients: readonly RecipientProgress[];
  readonly doubts: readonly UnknownAttempt[];
  /** Suppressed recipients whose event was not sent yet. */
  readonly unreported: readonly Suppression[];
  readonly apart: readonly Apart[];
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
  return progress.recipients
    .filter((one) => !one.end && !one.waiting && !one.gated && isOpen(one))
    .map((one) => one.address);
}

/** Whether nothing is left to do in any round. */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end) && progress.unreported.length === 0;
}

/** Adds the recipients whose events were sent to those that are done. */
export function withoutNotified(progress: Progress, addresses: ReadonlySet<string>): Progress {
  const reported = placesOf(progress, (one) => addresses.has(one.address));
  const unreported = progress.unreported.filter(({ address }) => !addresses.has(address));
  return { ...progress, log: withDone(progress.log, reported), unreported };
}

/** Positions of some recipients. */
export function placesOf({ recipients }: Progress, wanted: (one: RecipientProgress) => boolean): readonly number[] {
  return recipients.flatMap((one, place) => (wanted(one) ? [place] : []));
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
  const unreported = suppressed.map(({ address, deniedBy }): Suppression => {
    const [provider = ''] = deniedBy;
    return { address, provider, attempt: countOf(progress.log), reason: 'suppressed', alone: true };
  });
  return { ...refused, unreported: [...refused.unreported, ...unreported] };
}

/** Ends recipients that some provider may have served: policy `hold` allows no other provider, except after a redrive. */
export function declareHeld(progress: Progress): Progress {
  const isHeld = (key: string) => !progress.doubts.find(({ provider }) => provider === key)?.reopened;
  return mapPending(progress, (one) => (one.unknownAt.some(isHeld) && !one.waiting ? { ...one, end: 'held' } : one));
}

function mapPending(progress: Progress, change: (one: RecipientProgress) => RecipientProgress): Progress {
  return { ...progress, recipients: progress.recipients.map((one) => (one.end ? one : change(one))) };
}
