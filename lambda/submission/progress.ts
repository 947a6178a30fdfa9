import type { ProviderAccount } from '../providers/account.ts';
import { type AttemptLog, countOf, withDone } from './log.ts';

/**
 * How a submission has ended for one recipient. `refused`: two vendors, or all providers that may be used, have refused the
 * message. `held`: it is not known whether a provider accepted the message, and the policy `hold` allows no other provider.
 */
export type RecipientEnd = 'accepted' | 'suppressed' | 'refused' | 'held';

/** State of one recipient after all rounds of attempts so far. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: RecipientEnd;
  /** Keys of the providers that refused the message for this recipient with an answer that Mailover knows as a refusal. */
  readonly refusedBy: readonly string[];
  /**
   * Keys of the providers that refused the message for this recipient with an answer that Mailover does not know. Such a refusal
   * does not count towards the two refusals that end the submission for the recipient.
   */
  readonly unrecognisedBy: readonly string[];
  /**
   * Keys of the providers that refused the mailbox while Mailover doubts that such refusals of the provider are correct. Before
   * the refusal counts, another provider is tried.
   */
  readonly deniedBy: readonly string[];
  /** Keys of the providers that may have accepted the message for this recipient, because the outcome of an attempt is unknown. */
  readonly unknownAt: readonly string[];
  /** Keys of the providers that answered with a failure after they had received the whole request. */
  readonly failedAt: readonly string[];
  /** Whether no further provider is tried until a provider has answered a query about an unknown outcome. */
  readonly waiting: boolean;
  /**
   * No provider is tried in this round, because the class of mail is paused, or because no first mail has been delivered to the
   * recipient yet, which would verify the address.
   */
  readonly gated?: boolean;
}

/** All attempts at one provider whose outcome is unknown, and the state of the queries to the provider about these attempts. */
export interface UnknownAttempt {
  readonly provider: string;
  /** The account to which the provider key referred when these attempts were made. */
  readonly account: ProviderAccount;
  /** When the first of these attempts began, in epoch milliseconds. */
  readonly at: number;
  /** When the last of these attempts began, in epoch milliseconds. */
  readonly last: number;
  /** How often the provider was asked about these attempts without a result. */
  readonly asked: number;
  /**
   * The provider is not asked again, because the provider has answered or cannot answer, or because the policy does not wait for
   * an answer.
   */
  readonly settled: boolean;
  /** The submission was redriven after these attempts. The policy `hold` does not apply to these attempts a second time. */
  readonly reopened?: true;
}

/** A recipient who gets no mail: no further provider is tried, and an event reports the suppression to the producer. */
export interface Suppression {
  readonly address: string;
  readonly provider: string;
  /** Number of the attempt in which the provider refused the recipient. */
  readonly attempt: number;
  readonly reason: string;
  readonly detail?: string;
  /** Only this provider refused the mailbox; no other provider confirmed the refusal. */
  readonly alone?: true;
}

/**
 * Group of recipients for which a provider needs a separate call, since the provider refused a larger group because of one of its
 * recipients.
 */
export interface Apart {
  readonly provider: string;
  readonly group: readonly string[];
}

/** State of a submission: the log of its attempts, and the state of its recipients, which is computed from the log. */
export interface Progress {
  readonly log: AttemptLog;
  readonly recipients: readonly RecipientProgress[];
  readonly unknownAttempts: readonly UnknownAttempt[];
  /** Suppressed recipients whose suppression event was not sent yet. */
  readonly unreported: readonly Suppression[];
  readonly apart: readonly Apart[];
}

/**
 * Policy for an attempt whose outcome is unknown. `ask`: ask the provider whether it has the mail, then try another provider.
 * `failover`: try another provider immediately. `hold`: ask the provider, and never try another provider.
 */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** For each provider key: the recipients whose address the provider does not support. */
export type UnsupportedAddresses = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the addresses of the recipients that a provider may be called for. These are all recipients that have no end and need
 * not wait, except recipients whose address the provider does not support or whose mailbox the provider has refused.
 */
export function pending(
  progress: Progress,
  provider?: string,
  unsupported: UnsupportedAddresses = new Map(),
): readonly string[] {
  const isOpen = ({ address, deniedBy }: RecipientProgress) =>
    provider === undefined || !(deniedBy.includes(provider) || unsupported.get(provider)?.includes(address));
  return progress.recipients
    .filter((one) => !one.end && !one.waiting && !one.gated && isOpen(one))
    .map((one) => one.address);
}

/**
 * Returns whether no further round of attempts is needed: the submission has ended for all recipients, and all suppression events
 * were sent.
 */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end) && progress.unreported.length === 0;
}

/** Marks recipients as done after their suppression events were sent. */
export function withoutNotified(progress: Progress, addresses: ReadonlySet<string>): Progress {
  const reported = placesOf(progress, (one) => addresses.has(one.address));
  const unreported = progress.unreported.filter(({ address }) => !addresses.has(address));
  return { ...progress, log: withDone(progress.log, reported), unreported };
}

/** Returns the positions of all recipients with which `wanted` returns true. */
export function placesOf({ recipients }: Progress, wanted: (one: RecipientProgress) => boolean): readonly number[] {
  return recipients.flatMap((one, place) => (wanted(one) ? [place] : []));
}

/**
 * Returns groups of the recipients `offered` for which a provider needs separate calls. The groups are the groups that an earlier
 * attempt left and, unless the provider has refused all of `offered`, a separate group for each recipient that the provider has
 * refused. The result does not contain the other recipients.
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
 * Ends the submission for a recipient if every usable provider has refused the recipient or does not support the address, even if
 * all providers belong to one vendor. If a provider refused the mailbox and no provider refused the message, the recipient is
 * suppressed.
 */
export function declareRefused(
  progress: Progress,
  usable: readonly string[],
  unsupported: UnsupportedAddresses = new Map(),
): Progress {
  const refused = mapPending(progress, (one) => {
    const said = new Set([...one.refusedBy, ...one.deniedBy]);
    const isOut = (key: string) => said.has(key) || unsupported.get(key)?.includes(one.address);
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

/**
 * Ends the submission for a recipient if the outcome of an attempt is still unknown after the queries: the policy `hold` allows
 * no other provider, except after a redrive.
 */
export function declareHeld(progress: Progress): Progress {
  const isHeld = (key: string) => !progress.unknownAttempts.find(({ provider }) => provider === key)?.reopened;
  return mapPending(progress, (one) => (one.unknownAt.some(isHeld) && !one.waiting ? { ...one, end: 'held' } : one));
}

function mapPending(progress: Progress, change: (one: RecipientProgress) => RecipientProgress): Progress {
  return { ...progress, recipients: progress.recipients.map((one) => (one.end ? one : change(one))) };
}
