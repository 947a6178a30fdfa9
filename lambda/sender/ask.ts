import { candidatesFor } from '../contract/account.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { PROVIDER_DEFAULTS } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import { AUTHENTICATION } from '../mail/outcome.ts';
import { WORKER_REASONS } from '../mail/reason.ts';
import type { Unready } from '../providers/pool.ts';
import type { LookupAnswer } from '../providers/provider.ts';
import {
  afterAnswer,
  declareHeld,
  type OnUnknown,
  type Progress,
  type UnknownAttempt,
} from '../submission/progress.ts';
import { type LookUp, NOT_ASKABLE } from './call.ts';

/** A provider is asked no earlier than this after the attempt began, in milliseconds of stack time: it has to find the mail first. */
const ASK_AFTER_MS = 60_000;

/** A provider that could not say is asked this often in all, a minute or two apart. */
const MOST_ASKS = 3;

/** One question has this long, in milliseconds, even where an attempt has longer. */
const QUESTION_MS = 5_000;

/** A provider type that offers no way to ask, or a key that may only send: in a minute it will be the same. */
const HOPELESS: ReadonlySet<string> = new Set([NOT_ASKABLE, AUTHENTICATION]);

/** Why this worker could not ask. */
const UNASKED: ReadonlySet<string> = new Set<Unready>(['secrets-unreachable', 'not-loaded', ...WORKER_REASONS]);

/** What asking needs. */
export interface AskContext {
  readonly lookUp: LookUp;
  readonly providers: readonly ProviderConfig[];
  /** By provider key: message ids with which delivery events spoke of this submission. */
  readonly reported: Readonly<Record<string, string>>;
  readonly onUnknown: OnUnknown;
  /**
   * Providers whose attempts turned out to be interrupted just now. They are asked a round later: that the worker is gone says
   * our clock alone, and the wait between two rounds is kept by the queue.
   */
  readonly fresh: ReadonlySet<string>;
  /** When the latest attempt at a provider began, in epoch milliseconds; a doubt has the time of the first one. */
  readonly lastBegun: (provider: string) => number | undefined;
  /** Milliseconds of stack time since this time (epoch milliseconds). */
  readonly ageMs: (time: number) => number;
  /** Whether there is time for a question of so many milliseconds. */
  readonly hasTime: (ms: number) => boolean;
}

/** A provider that turned out to have the mail whose answer was lost. */
export interface FoundAccepted {
  readonly provider: string;
  readonly providerMessageId: string;
}

/** What asking came to. */
export interface AskResult {
  readonly progress: Progress;
  readonly found: readonly FoundAccepted[];
}

/**
 * Asks every provider whose answer was lost whether it has the mail.
 *
 * Afterwards a recipient is served, or waits for a provider that could not say yet, or may be offered to the next
 * one; with `hold` that last one ends here.
 */
export async function ask(message: Message, start: Progress, context: AskContext): Promise<AskResult> {
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

/** `too-early`: it may still turn up; ask in a later round. */
type Learned = LookupAnswer | { readonly kind: 'too-early' };

async function learn(
  message: Message,
  { provider: key, account, at }: UnknownAttempt,
  recipients: readonly string[],
  { lookUp, providers, reported, fresh, lastBegun, ageMs, hasTime }: AskContext,
): Promise<Learned> {
  const candidates = candidatesFor(key, account, providers);
  const told = [key, ...candidates.map((one) => one.key)].map((one) => reported[one]).find((id) => id !== undefined);
  if (told !== undefined) return { kind: 'answered', found: new Map(recipients.map((one) => [one, told])) };
  if (candidates.length === 0) return { kind: 'cannot-say', reason: NOT_ASKABLE };
  if (fresh.has(key) || ageMs(Math.max(at, lastBegun(key) ?? at)) < ASK_AFTER_MS) return { kind: 'too-early' };
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
    // Not asked at all, so it does not count as an answer.
    if (answer.kind === 'cannot-say' && UNASKED.has(answer.reason)) return { kind: 'too-early' };
    if (answer.kind === 'answered') for (const [address, id] of answer.found) found.set(address, id);
    // One that may say so later outweighs one that never will.
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
      // Who wants the next provider at once does not wait for an answer either.
      return { asked, settled: onUnknown === 'failover' };
    case 'cannot-say': {
      const never = HOPELESS.has(answer.reason) || asked + 1 >= MOST_ASKS || onUnknown === 'failover';
      return { asked: asked + 1, settled: never };
    }
  }
}
