import type { ProviderConfig } from '../contract/providers.ts';
import { PROVIDER_DEFAULTS } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import { WORKER_REASONS } from '../mail/reason.ts';
import { candidatesFor } from '../providers/account.ts';
import type { Unready } from '../providers/pool.ts';
import type { LookupAnswer } from '../providers/provider.ts';
import { vendorsOf } from '../providers/vendor.ts';
import type { Policy } from '../routing/policy.ts';
import { begin } from '../submission/carried.ts';
import {
  afterAnswer,
  declareHeld,
  type OnUnknown,
  type Progress,
  type UnknownAttempt,
} from '../submission/progress.ts';
import { type LookUp, NOT_ASKABLE } from './call.ts';
import type { Claimed } from './claim.ts';
import type { Work } from './work.ts';

/**
 * Least age of an attempt before its provider is asked, in milliseconds of stack time: the message takes a while to
 * appear in the provider's records.
 */
const ASK_AFTER_MS = 60_000;

/** How often a provider that cannot answer is asked in all, a minute or two apart. */
const MOST_ASKS = 3;

/** Time limit of one question, in milliseconds, even if an attempt has more. */
const QUESTION_MS = 5_000;

/** Reasons that will not change: the provider type cannot be asked, or the key may only send. */
const HOPELESS: ReadonlySet<string> = new Set([NOT_ASKABLE, AUTHENTICATION]);

/** Reasons for which this worker could not ask. */
const UNASKED: ReadonlySet<string> = new Set<Unready>(['secrets-unreachable', 'not-loaded', ...WORKER_REASONS]);

/** Dependencies of asking. */
interface AskContext {
  readonly lookUp: LookUp;
  readonly providers: readonly ProviderConfig[];
  /** Message ids in delivery events about this submission, by provider key. */
  readonly reported: Readonly<Record<string, string>>;
  readonly onUnknown: OnUnknown;
  /**
   * Providers whose attempts were just found to be interrupted. These providers are asked one round later: only our
   * clock says that the worker has ended, and the wait between two rounds is measured by the queue.
   */
  readonly interrupted: ReadonlySet<string>;
  /** Milliseconds of stack time since `time` (epoch milliseconds). */
  readonly ageMs: (time: number) => number;
  /** Whether there is time for a question of `ms` milliseconds. */
  readonly hasTime: (ms: number) => boolean;
}

/** A provider that was found to have accepted a message after its answer was lost. */
interface FoundAccepted {
  readonly provider: string;
  readonly providerMessageId: string;
}

/** Result of asking. */
interface AskResult {
  readonly progress: Progress;
  readonly found: readonly FoundAccepted[];
}

/** Progress at the start of a round, after the providers whose answers were lost were asked whether they have the mail. */
export async function resolveUnknown(
  { claim, known, stored, interrupted }: Claimed,
  { onUnknown }: Policy,
  { arrived: { message }, context, destinations, remainingMs }: Work,
): Promise<Progress> {
  const { providers } = context.environment;
  const addresses = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => address);
  const now = context.clock.now();
  const { progress, found } = await ask(message, begin(addresses, known, vendorsOf(providers)), {
    lookUp: context.lookUp,
    providers,
    reported: stored?.reported ?? {},
    onUnknown,
    interrupted,
    // A time in the future was set by a wrong clock, and counts as a time long ago.
    ageMs: (time) => (time > now ? Number.POSITIVE_INFINITY : destinations.since(time)),
    hasTime: (ms) => remainingMs() > 2 * ms,
  });
  for (const { provider, providerMessageId } of found) claim.found(provider, providerMessageId);
  return progress;
}

/**
 * Asks every provider with an unknown outcome whether it has the message.
 *
 * Afterwards a recipient is served, waits for a provider that cannot answer yet, or may be offered to the next provider;
 * with `hold` the last of these ends here.
 */
async function ask(message: Message, start: Progress, context: AskContext): Promise<AskResult> {
  let progress = start;
  const found: FoundAccepted[] = [];
  for (const doubt of start.doubts.filter(({ settled }) => !settled)) {
    const concerned = progress.recipients.filter((one) => !one.end && one.unknownAt.includes(doubt.provider));
    if (concerned.length === 0) continue;
    const addresses = concerned.map(({ address }) => address);
    const answer = await learn(message, doubt, addresses, context);
    if (answer.kind === 'answered') {
      const [providerMessageId] = answer.found.values();
      if (providerMessageId !== undefined) found.push({ provider: doubt.provider, providerMessageId });
    }
    progress = afterAnswer(progress, doubt.provider, {
      found: answer.kind === 'answered' ? new Set(answer.found.keys()) : new Set(),
      doubt: conclude(doubt, answer, context.onUnknown),
    });
  }
  return { progress: context.onUnknown === 'hold' ? declareHeld(progress) : progress, found };
}

/** `too-early`: the message may still appear; ask in a later round. */
type Learned = LookupAnswer | { readonly kind: 'too-early' };

async function learn(
  message: Message,
  { provider: key, account, at, last }: UnknownAttempt,
  recipients: readonly string[],
  { lookUp, providers, reported, interrupted, ageMs, hasTime }: AskContext,
): Promise<Learned> {
  const candidates = candidatesFor(key, account, providers);
  const told = [key, ...candidates.map((one) => one.key)].map((one) => reported[one]).find((id) => id !== undefined);
  if (told !== undefined) return { kind: 'answered', found: new Map(recipients.map((one) => [one, told])) };
  if (candidates.length === 0) return { kind: 'cannot-say', reason: NOT_ASKABLE };
  if (interrupted.has(key) || ageMs(last) < ASK_AFTER_MS) return { kind: 'too-early' };
  const found = new Map<string, string>();
  let silent: LookupAnswer | undefined;
  for (const provider of candidates) {
    const deadlineMs = Math.min(QUESTION_MS, provider.deadlineMs ?? PROVIDER_DEFAULTS.deadlineMs);
    if (!hasTime(deadlineMs)) return { kind: 'too-early' };
    const answer = await lookUp(provider, {
      handle: message.handle,
      messageId: message.messageId,
      recipients,
      begunAt: at,
      deadlineMs,
      connectMs: Math.min(deadlineMs, provider.connectMs ?? PROVIDER_DEFAULTS.connectMs),
    });
    // The provider was not asked, so this does not count as an answer.
    if (answer.kind === 'cannot-say' && UNASKED.has(answer.reason)) return { kind: 'too-early' };
    if (answer.kind === 'answered') for (const [address, id] of answer.found) found.set(address, id);
    // A reason that may change takes precedence over one that does not.
    else if (silent === undefined || !HOPELESS.has(answer.reason)) silent = answer;
    if (found.size === recipients.length) break;
  }
  if (found.size > 0 || silent === undefined) return { kind: 'answered', found };
  return silent;
}

function conclude(
  { asked }: UnknownAttempt,
  answer: Learned,
  onUnknown: OnUnknown,
): Pick<UnknownAttempt, 'asked' | 'settled'> {
  switch (answer.kind) {
    case 'answered':
      return { asked, settled: true };
    case 'too-early':
      // With `failover` the next provider is tried without waiting for an answer.
      return { asked, settled: onUnknown === 'failover' };
    case 'cannot-say': {
      const never = HOPELESS.has(answer.reason) || asked + 1 >= MOST_ASKS || onUnknown === 'failover';
      return { asked: asked + 1, settled: never };
    }
  }
}
