import type { ProviderConfig } from '../contract/providers.ts';
import { PROVIDER_DEFAULTS } from '../contract/providers.ts';
import type { Evidence } from '../events/evidence.ts';
import type { Message } from '../mail/message.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import { WORKER_REASONS } from '../mail/reason.ts';
import { errorName } from '../platform/error-name.ts';
import { candidatesFor } from '../providers/account.ts';
import type { Unready } from '../providers/pool.ts';
import type { LookupAnswer } from '../providers/provider.ts';
import { loggedId } from '../providers/reference.ts';
import { vendorsOf } from '../providers/vendor.ts';
import type { Policy } from '../routing/policy.ts';
import { declareHeld, type OnUnknown, type Progress, type UnknownAttempt } from '../submission/progress.ts';
import { afterAnswer, progressOf, type Reading } from '../submission/replay.ts';
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
interface AskContext extends Reading {
  readonly lookUp: LookUp;
  readonly providers: readonly ProviderConfig[];
  /** Proofs of acceptance by delivery events, by address and provider key; undefined if they cannot be read. */
  readonly proofs: Awaited<ReturnType<Evidence>> | undefined;
  /**
   * Providers whose attempts were just found to be interrupted. They are asked one round later: that the worker has ended
   * is known from this machine's clock only, which may be wrong, and the queue measures the time until the next round.
   */
  readonly interrupted: ReadonlySet<string>;
  /** Milliseconds of stack time since `time` (epoch milliseconds). */
  readonly ageMs: (time: number) => number;
  /** Whether there is time for a question of `ms` milliseconds. */
  readonly hasTime: (ms: number) => boolean;
}

/** Progress at the start of a round, after the providers whose answers were lost were asked whether they have the mail. */
export async function resolveUnknown(
  { log, interrupted }: Claimed,
  { onUnknown }: Policy,
  { arrived: { message }, context, destinations, remainingMs }: Work,
): Promise<Progress> {
  const { providers } = context.environment;
  const addresses = [...message.to, ...message.cc, ...message.bcc].map(({ address }) => address);
  const now = context.clock.now();
  const rules = { onUnknown, vendorOf: vendorsOf(providers) };
  const start = progressOf(log, addresses, rules);
  if (start.doubts.length === 0) return start;
  return ask(message, start, {
    ...rules,
    lookUp: context.lookUp,
    providers,
    proofs: await proofsOf(message, addresses, context),
    interrupted,
    // A time in the future was set by a wrong clock, and counts as a time long ago.
    ageMs: (time) => (time > now ? Number.POSITIVE_INFINITY : destinations.since(time)),
    hasTime: (ms) => remainingMs() > 2 * ms,
  });
}

/** Undefined if the events cannot be read: then a provider that cannot be asked is not given up at once. */
async function proofsOf(
  message: Message,
  addresses: readonly string[],
  { evidence, log }: Work['context'],
): Promise<AskContext['proofs']> {
  if (evidence === undefined) return new Map();
  return evidence(message.id, addresses).catch((error: unknown) => {
    log.warn('delivery events unreadable', { submissionId: loggedId(message.id), error: errorName(error) });
    return undefined;
  });
}

/**
 * Asks every provider with an unknown outcome whether it has the message, unless delivery events have said so; events also
 * count after the last question.
 *
 * Afterwards a recipient is served, waits for a provider that cannot answer yet, or may be offered to the next provider;
 * with `hold` the last of these ends here.
 */
async function ask(message: Message, start: Progress, context: AskContext): Promise<Progress> {
  let progress = start;
  for (const doubt of start.doubts) {
    const { provider } = doubt;
    const concerned = progress.recipients.filter((one) => !one.end && one.unknownAt.includes(provider));
    if (concerned.length === 0) continue;
    const addresses = concerned.map(({ address }) => address);
    const proven = provenAt(doubt, addresses, context);
    const left = addresses.filter((one) => !proven.has(one));
    if (doubt.settled || left.length === 0) {
      if (proven.size === 0) continue;
      const { asked } = doubt;
      progress = afterAnswer(progress, provider, { found: proven, asked, settled: true }, context);
      continue;
    }
    const answer = await learn(message, doubt, left, context);
    const found = new Map([...proven, ...(answer.kind === 'answered' ? answer.found : [])]);
    // Events of the other recipients may be on their way.
    const mayHear = proven.size > 0 || context.proofs === undefined;
    const reply = { found, ...conclude(doubt, answer, context.onUnknown, mayHear) };
    progress = afterAnswer(progress, provider, reply, context);
  }
  return context.onUnknown === 'hold' ? declareHeld(progress) : progress;
}

/** Message ids of the recipients whose events prove that the provider, whatever its key is now, has the message. */
function provenAt(
  { provider: key, account }: UnknownAttempt,
  addresses: readonly string[],
  { proofs, providers }: AskContext,
): ReadonlyMap<string, string> {
  const keys = [key, ...candidatesFor(key, account, providers).map((one) => one.key)];
  return new Map(
    addresses.flatMap((address) => {
      const id = keys.map((one) => proofs?.get(address)?.get(one)).find((one) => one !== undefined);
      return id === undefined ? [] : [[address, id]];
    }),
  );
}

/** `too-early`: the message may still appear; ask in a later round. */
type Learned = LookupAnswer | { readonly kind: 'too-early' };

async function learn(
  message: Message,
  { provider: key, account, at, last }: UnknownAttempt,
  recipients: readonly string[],
  { lookUp, providers, interrupted, ageMs, hasTime }: AskContext,
): Promise<Learned> {
  const candidates = candidatesFor(key, account, providers);
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
  mayHear: boolean,
): Pick<UnknownAttempt, 'asked' | 'settled'> {
  switch (answer.kind) {
    case 'answered':
      return { asked, settled: true };
    case 'too-early':
      // With `failover` the next provider is tried without waiting for an answer.
      return { asked, settled: onUnknown === 'failover' };
    case 'cannot-say': {
      const hopeless = HOPELESS.has(answer.reason) && !mayHear;
      const never = hopeless || asked + 1 >= MOST_ASKS || onUnknown === 'failover';
      return { asked: asked + 1, settled: never };
    }
  }
}
