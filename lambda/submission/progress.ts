import type { ProviderAccount } from '../providers/account.ts';
import { type AttemptLog, countOf, withDone } from './log.ts';

/**
 * How a submission has ended for one recipient. `suppressed`: no mail may be sent to the address. `refused`: providers of two
 * vendors have refused the message, or each provider that may be used has refused it or does not support the address. `held`: it
 * is not known whether a provider accepted the message, and the policy `hold` of {@link OnUnknown} allows no other provider.
 */
export type RecipientEnd = 'accepted' | 'suppressed' | 'refused' | 'held';

/** State of one recipient after all attempts so far. */
export interface RecipientProgress {
  readonly address: string;
  readonly end?: RecipientEnd;
  /**
   * Keys of the providers that refused the message for this recipient with an answer that is known to Mailover as a refusal of
   * the message.
   */
  readonly refusedBy: readonly string[];
  /**
   * Keys of the providers that refused the message for this recipient with an answer that Mailover does not know. Such a refusal
   * does not count towards the two refusals that end the submission for the recipient.
   */
  readonly unrecognisedBy: readonly string[];
  /**
   * Keys of the providers that refused the mailbox while Mailover doubts that such refusals of the provider are correct. Before
   * such a refusal counts, another provider is tried.
   */
  readonly deniedBy: readonly string[];
  /** Keys of the providers that may have accepted the message for this recipient, because the outcome of an attempt is unknown. */
  readonly unknownAt: readonly string[];
  /** Keys of the providers that answered with a failure after they had received the whole request. */
  readonly failedAt: readonly string[];
  /**
   * Whether no further provider is tried for the recipient until a provider has been asked about an unknown outcome: it has
   * answered, or has failed to answer several times.
   */
  readonly waiting: boolean;
  /**
   * Whether no provider is tried for the recipient in this round (run through the providers), because the class of mail is paused
   * or because the recipient's address is not verified.
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
  /** Number of failed queries to the provider about these attempts. */
  readonly asked: number;
  /**
   * The provider is not asked again, because the provider has answered or cannot answer, or because the policy does not wait for
   * an answer.
   */
  readonly settled: boolean;
  /**
   * The submission was redriven after these attempts: an operator has moved its message from the dead-letter queue back to the
   * outbound queue. The policy `hold` no longer applies to these attempts.
   */
  readonly reopened?: true;
}

/** Suppression of a recipient: no further provider is tried, and an event reports the suppression to the producer. */
export interface Suppression {
  readonly address: string;
  readonly provider: string;
  /**
   * Number of the attempt in which the provider refused the recipient. If the address was on the suppression list, the number of
   * attempts before this was found; may be 0.
   */
  readonly attempt: number;
  readonly reason: string;
  readonly detail?: string;
  /** Set if this provider alone refused the mailbox, and no other provider confirmed the refusal. */
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
  /** Suppressed recipients that were not reported to the producer yet. */
  readonly unreported: readonly Suppression[];
  readonly apart: readonly Apart[];
}

/**
 * Policy for an attempt whose outcome is unknown. `ask`: ask the provider whether it has the mail. If it does not have the mail
 * or cannot answer, try another provider. `failover`: try another provider without waiting for an answer. `hold`: ask the
 * provider, and try no other provider unless an operator redrives the message.
 */
export type OnUnknown = 'ask' | 'failover' | 'hold';

/** The addresses of recipients that a provider does not support, by provider key. */
export type UnsupportedAddresses = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the addresses of the recipients for which a provider may be called. The result contains all recipients for which the
 * submission has not ended and which need not wait. If `provider` is given, the result does not contain recipients whose address
 * this provider does not support, or whose mailbox this provider has refused.
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
 * Returns whether no further round of attempts is needed: the submission has ended for all recipients, and all suppressions were
 * reported to the producer.
 */
export function ended(progress: Progress): boolean {
  return progress.recipients.every((one) => one.end) && progress.unreported.length === 0;
}

/** Marks recipients as done after their suppression was reported to the producer. */
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
 * Returns groups of the recipients `offered`. A provider needs a separate call for each group. The first groups are the groups
 * that an earlier attempt at this provider left. Then there is a separate group for each recipient that the provider has refused,
 * unless it has refused all recipients in `offered`. All other recipients are in no group.
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
 * Ends the submission for a recipient if each usable provider has refused the recipient or does not support the address. This
 * also applies if all providers belong to one vendor. The end is `suppressed` if a provider refused the mailbox and no provider
 * refused the message; otherwise it is `refused`.
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
 * Ends the submission as `held` for each recipient with an attempt whose outcome is still unknown after the queries to the
 * provider: the policy `hold` allows no other provider, except after a redrive.
 */
export function declareHeld(progress: Progress): Progress {
  const isHeld = (key: string) => !progress.unknownAttempts.find(({ provider }) => provider === key)?.reopened;
  return mapPending(progress, (one) => (one.unknownAt.some(isHeld) && !one.waiting ? { ...one, end: 'held' } : one));
}

function mapPending(progress: Progress, change: (one: RecipientProgress) => RecipientProgress): Progress {
  return { ...progress, recipients: progress.recipients.map((one) => (one.end ? one : change(one))) };
}
