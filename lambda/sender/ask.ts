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
import { afterAnswer, progressOf, type ReplayRules } from '../submission/replay.ts';
import { type LookUp, NOT_ASKABLE } from './call.ts';
import type { Claimed } from './claim.ts';
import type { Work } from './work.ts';

/**
 * A provider is not asked about an attempt that is younger than this, in milliseconds of stack time (which on a local stack may
 * run faster than the clock). A message appears in the provider's records only some time after the call.
 */
const ASK_AFTER_MS = 60_000;

/**
 * After this number of queries without an answer, the provider is not asked again. The time between two queries is one to two
 * minutes of stack time.
 */
const MOST_ASKS = 3;

/**
 * Largest time limit of one query to a provider, in milliseconds. If the provider's deadline is shorter, the deadline applies.
 */
const QUESTION_MS = 5_000;

/** Reasons after which another query would fail too: the provider type has no API for queries, or the API key may only send mail. */
const PERMANENT: ReadonlySet<string> = new Set([NOT_ASKABLE, AUTHENTICATION]);

/** Reasons for which this worker could not send the query. */
const UNASKED: ReadonlySet<string> = new Set<Unready>(['secrets-unreachable', 'not-loaded', ...WORKER_REASONS]);

/** Dependencies of asking providers about attempts with an unknown outcome. */
interface AskContext extends ReplayRules {
  readonly lookUp: LookUp;
  readonly providers: readonly ProviderConfig[];
  /**
   * The provider's message ids, by address and then by provider key, from delivery events that prove that the provider accepted
   * the message. If an event has no message id, the value is the id of the event. Undefined if the events could not be read.
   */
  readonly proofs: Awaited<ReturnType<Evidence>> | undefined;
  /**
   * Keys of the providers of interrupted attempts. An attempt counts as interrupted in this round if it has no outcome, and the
   * lease of its worker has ended by the clock of this machine. This clock may be wrong, and the worker may still be calling the
   * provider. Therefore these providers are asked only in the next round, which SQS delays by its own clock.
   */
  readonly interrupted: ReadonlySet<string>;
  /** Returns the time since `time` (epoch milliseconds), in milliseconds of stack time. */
  readonly ageMs: (time: number) => number;
  /** Whether enough time of the invocation is left for a query that takes up to `ms` milliseconds: more than twice this time. */
  readonly hasTime: (ms: number) => boolean;
}

/**
 * Asks each provider whose answer to an attempt was lost whether it has the mail. Returns the progress of the submission after
 * these queries.
 */
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
  if (start.unknownAttempts.length === 0) return start;
  return ask(message, start, {
    ...rules,
    lookUp: context.lookUp,
    providers,
    proofs: await proofsOf(message, addresses, context),
    interrupted,
    // If the time of an attempt is in the future, a wrong clock has recorded it. Such an attempt counts as old enough for a query
    // to its provider.
    ageMs: (time) => (time > now ? Number.POSITIVE_INFINITY : destinations.since(time)),
    hasTime: (ms) => remainingMs() > 2 * ms,
  });
}

/**
 * Reads the delivery events that prove that a provider accepted the message. Returns an empty map if delivery events are not
 * configured. Returns undefined if the events cannot be read: then a later round reads them again, even if the provider cannot be
 * asked.
 */
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
 * Asks every provider with an unknown outcome whether it has the message for the recipients of the attempt, except for recipients
 * for which delivery events prove this. An event is used even if it arrives after the last query.
 *
 * In the result, each recipient is in one of three states: a provider has accepted the mail for the recipient, the recipient
 * waits for a provider that cannot answer yet, or the next provider may be tried. With the policy `hold`, the next provider is
 * tried only after a redrive. Otherwise the submission ends for the recipient with the result `held`.
 */
async function ask(message: Message, start: Progress, context: AskContext): Promise<Progress> {
  let progress = start;
  for (const unknownAttempt of start.unknownAttempts) {
    const { provider } = unknownAttempt;
    const concerned = progress.recipients.filter((one) => !one.end && one.unknownAt.includes(provider));
    if (concerned.length === 0) continue;
    const addresses = concerned.map(({ address }) => address);
    const proven = provenAt(unknownAttempt, addresses, context);
    const left = addresses.filter((one) => !proven.has(one));
    if (unknownAttempt.settled || left.length === 0) {
      if (proven.size === 0) continue;
      const { asked } = unknownAttempt;
      progress = afterAnswer(progress, provider, { found: proven, asked, settled: true }, context);
      continue;
    }
    const answer = await queryProvider(message, unknownAttempt, left, context);
    const found = new Map([...proven, ...(answer.kind === 'answered' ? answer.found : [])]);
    // Delivery events for the remaining recipients may still arrive, or may be readable later.
    const expectsEvents = proven.size > 0 || context.proofs === undefined;
    const reply = { found, ...conclude(unknownAttempt, answer, context.onUnknown, expectsEvents) };
    progress = afterAnswer(progress, provider, reply, context);
  }
  return context.onUnknown === 'hold' ? declareHeld(progress) : progress;
}

/**
 * Returns the provider's message id for each address for which delivery events prove that the provider has the message. The
 * events are searched for the key of the attempt's provider, and for the keys of all configured providers that may have the same
 * account, since the key may have been renamed after the attempt.
 */
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

/**
 * Answer of the queries about one unknown attempt. `too-early`: the provider could not be asked in this round, or it is too early
 * to ask it. Unless the policy is `failover`, a later round asks the provider.
 */
type QueryAnswer = LookupAnswer | { readonly kind: 'too-early' };

async function queryProvider(
  message: Message,
  { provider: key, account, at, last }: UnknownAttempt,
  recipients: readonly string[],
  { lookUp, providers, interrupted, ageMs, hasTime }: AskContext,
): Promise<QueryAnswer> {
  const candidates = candidatesFor(key, account, providers);
  if (candidates.length === 0) return { kind: 'cannot-say', reason: NOT_ASKABLE };
  if (interrupted.has(key) || ageMs(last) < ASK_AFTER_MS) return { kind: 'too-early' };
  const found = new Map<string, string>();
  let unanswered: LookupAnswer | undefined;
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
    // The provider was not asked. Therefore this result is not counted as a query without an answer.
    if (answer.kind === 'cannot-say' && UNASKED.has(answer.reason)) return { kind: 'too-early' };
    if (answer.kind === 'answered') for (const [address, id] of answer.found) found.set(address, id);
    // If several queries fail, the result of a query that might succeed later is kept.
    else if (unanswered === undefined || !PERMANENT.has(answer.reason)) unanswered = answer;
    if (found.size === recipients.length) break;
  }
  if (found.size > 0 || unanswered === undefined) return { kind: 'answered', found };
  return unanswered;
}

function conclude(
  { asked }: UnknownAttempt,
  answer: QueryAnswer,
  onUnknown: OnUnknown,
  expectsEvents: boolean,
): Pick<UnknownAttempt, 'asked' | 'settled'> {
  switch (answer.kind) {
    case 'answered':
      return { asked, settled: true };
    case 'too-early':
      // With `failover` the next provider is tried without waiting for an answer.
      return { asked, settled: onUnknown === 'failover' };
    case 'cannot-say': {
      const permanent = PERMANENT.has(answer.reason) && !expectsEvents;
      const never = permanent || asked + 1 >= MOST_ASKS || onUnknown === 'failover';
      return { asked: asked + 1, settled: never };
    }
  }
}
