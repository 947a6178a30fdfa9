import { type Skip, UNREADY } from '../circuit/admission.ts';
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Message, Tracking } from '../mail/message.ts';
import { composeMime, readdressed } from '../mail/mime.ts';
import type { AttemptResult } from '../mail/outcome.ts';
import { fromSubstitute } from '../mail/substitute.ts';
import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import { accountOf } from '../providers/account.ts';
import type { Registry } from '../providers/pool.ts';
import type { Attempt } from '../providers/provider.ts';
import type { ClassGuard } from '../reputation/class-guard.ts';
import { LedgerError, type SubmissionClaim, TakenError } from '../submission/ledger.ts';
import { countOf, joinLetters, type StoredAttempt, withAttempt } from '../submission/log.ts';
import { groupsAt, type OnUnknown, type Progress, pending, type UnsupportedAddresses } from '../submission/progress.ts';
import type { Tallies } from '../tally/tallies.ts';
import { withoutPrivateText } from './answer-texts.ts';
import type { AnswerTimes } from './answer-times.ts';
import type { CallProvider } from './call.ts';
import type { Content } from './content.ts';

/** Dependencies of an attempt. */
export interface AttemptContext {
  readonly call: CallProvider;
  /**
   * Called after the attempt was recorded and before the provider is called, to keep the call within the provider's rate limit.
   * If it resolves with a skip, the provider is not called. See `Admission`.
   */
  readonly onTime?: (() => Promise<Skip | undefined>) | undefined;
  readonly claim: SubmissionClaim;
  readonly tallies: Tallies;
  readonly classes?: Pick<ClassGuard, 'count'> | undefined;
  readonly answerTimes: AnswerTimes;
  readonly definitions: Registry['definitions'];
  readonly onUnknown: OnUnknown;
  readonly tracking: Tracking;
  /** Keys of the providers that send this message from their `substituteFrom` address, in place of the original From address. */
  readonly substituted: ReadonlySet<string>;
  readonly unsupported: UnsupportedAddresses;
  readonly clock: Clock;
  /** Milliseconds until the time-out of the function. */
  readonly remainingMs: () => number;
  /** When the submission expires, in epoch milliseconds. Absent if neither the submission nor its class of mail sets an expiry. */
  readonly expiresAt?: number;
}

/**
 * Result of an attempt. `begun` is the attempt as it was recorded before the call. `offered` contains the addresses of the
 * recipients in the call. Even if nothing was sent, the number of the attempt is not used for another attempt.
 */
export type Attempted =
  | {
      readonly kind: 'answered';
      readonly begun: StoredAttempt;
      readonly offered: readonly string[];
      readonly durationMs: number;
      /**
       * Addresses whose mailbox the provider refused, if these refusals may be wrong because the provider refuses far more mailboxes than
       * other vendors.
       */
      readonly denied: ReadonlySet<string>;
      readonly result: AttemptResult;
    }
  /**
   * Nothing was sent. Without `skip`, the submission has expired, or too little time of the invocation was left. With `skip`,
   * this worker could not call the provider, or no slot of the provider's rate limit was free.
   */
  | { readonly kind: 'not-called'; readonly begun: StoredAttempt; readonly skip?: Skip }
  /** Nothing was sent, because the attempt could not be recorded. */
  | { readonly kind: 'stopped'; readonly begun: StoredAttempt; readonly reason: LedgerError | TakenError };

/** Records an attempt, calls the provider for all recipients for which it may be tried, and returns the answer. */
export async function attempt(
  provider: ProviderConfig,
  content: Content,
  progress: Progress,
  context: AttemptContext,
): Promise<Attempted> {
  const { claim, call, onTime, clock, remainingMs, tracking, unsupported, tallies, answerTimes } = context;
  const { expiresAt = Number.POSITIVE_INFINITY } = context;
  const { key } = provider;
  const offered = pending(progress, key, unsupported);
  const { log, recipients } = progress;
  const number = countOf(log) + 1;
  const isOffered = new Set(offered);
  const begun: StoredAttempt = {
    worker: claim.worker,
    number,
    provider: key,
    account: accountOf(provider),
    begun: clock.now(),
    each: joinLetters(recipients.map(({ address }) => (isOffered.has(address) ? '?' : '-'))),
    ...defined({ redrive: log.redrives > 0 ? log.redrives : undefined }),
  };
  try {
    await claim.begin(withAttempt(log, begun));
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof TakenError)) throw error;
    return { kind: 'stopped', begun, reason: error };
  }
  const skip = await onTime?.();
  if (skip) return { kind: 'not-called', begun, skip };
  const deadlineMs = deadlineOf(provider);
  // The write may have been slow, or Lambda may have frozen the process during the write. Therefore the time is checked again:
  // the provider is not called if the call could last longer than the invocation, or if the submission has expired.
  if (remainingMs() < deadlineMs || clock.now() >= expiresAt) return { kind: 'not-called', begun };
  const answerMs = answerLimit(provider, content, context);
  const called = clock.now();
  const apart = groupsAt(progress, key, offered);
  const result = await call(provider, {
    ...contentFor(provider, content, context),
    recipients: offered,
    ...defined({ apart: apart.length > 0 ? apart : undefined }),
    tracking,
    number,
    deadlineMs,
    ...defined({ answerMs }),
    connectMs: provider.connectMs ?? PROVIDER_DEFAULTS.connectMs,
  });
  const durationMs = clock.now() - called;
  if ('notCalled' in result) return { kind: 'not-called', begun, skip: UNREADY };
  answerTimes.add(key, result.outcome, durationMs, answerMs);
  const clean = withoutPrivateText(result, content.message);
  const said = new Map(offered.map((address) => [address, clean.recipients?.get(address) ?? clean.outcome]));
  const { class: name } = content.message;
  const accepted = [...said.values()].filter(({ kind }) => kind === 'accepted');
  if (name !== undefined) context.classes?.count(name, accepted.length);
  const denied = await tallies.countOutcomes(key, said);
  return { kind: 'answered', begun, offered, durationMs, denied, result: clean };
}

/** Returns the message and its MIME source with the From address and the recipients that are used for this provider. */
function contentFor(
  { key, substituteFrom }: ProviderConfig,
  { message, mime }: Content,
  { substituted, unsupported }: AttemptContext,
): Pick<Attempt, 'message' | 'mime'> {
  const out = unsupported.get(key) ?? [];
  const isSubstituted = substituteFrom !== undefined && substituted.has(key);
  if (!isSubstituted && out.length === 0) return { message, mime };
  const original = isSubstituted ? fromSubstitute(message, substituteFrom) : message;
  // An address that the provider does not support as a recipient is left out of the headers To and Cc as well.
  const supported = (list: Message['to']) => list.filter(({ address }) => !out.includes(address));
  const own = { ...original, to: supported(original.to), cc: supported(original.cc), bcc: supported(original.bcc) };
  // The changed MIME source is not cached. Therefore the message is in memory twice only during the call.
  return {
    message: own,
    mime: async () => (out.length > 0 ? composeMime(own) : readdressed(await mime(), message, own)),
  };
}

/**
 * Returns the time limit for the provider's answer, in milliseconds, if a lost answer does little harm. It does little harm if
 * the provider can be asked later whether it has the mail, and another provider may then be tried. Otherwise, or if too few
 * answer times are known, returns undefined, and only the provider's deadline applies.
 */
function answerLimit(
  { key, type }: ProviderConfig,
  { message }: Content,
  { answerTimes, definitions, onUnknown }: AttemptContext,
): number | undefined {
  if (onUnknown === 'hold' || !definitions[type]?.askable) return undefined;
  return answerTimes.limitOf(key, message);
}

/** Returns the configured or default time limit of an attempt at this provider, in milliseconds. */
export function deadlineOf({ deadlineMs = PROVIDER_DEFAULTS.deadlineMs }: ProviderConfig): number {
  return deadlineMs;
}
