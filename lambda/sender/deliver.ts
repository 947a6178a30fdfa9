import { PROVIDER_DEFAULTS, type ProviderConfig } from '../contract/providers.ts';
import type { Message } from '../mail/message.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { CallProvider } from './call.ts';
import {
  afterAttempt,
  type Consequences,
  declareRefused,
  ended,
  type OnUnknown,
  type Progress,
  pending,
} from './progress.ts';

/** A recipient that a provider will not mail. */
export interface Suppressed {
  readonly provider: string;
  readonly attempt: number;
  readonly address: string;
  readonly reason: string;
  readonly detail?: string;
}

/** What a round came to. */
export interface Round {
  readonly progress: Progress;
  readonly suppressed: readonly Suppressed[];
  /** The shortest Retry-After, in milliseconds, if every provider of the round throttled and named one. */
  readonly retryAfterMs?: number;
}

/** What a round needs. */
export interface DeliverContext {
  readonly call: CallProvider;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Milliseconds until the function is stopped. */
  readonly remainingMs: () => number;
}

/** Kept free for settling: an event and the next home, each with one retry of the call. */
export const SETTLE_MS = 8_000;

/**
 * Offers a message to the providers in turn until nobody is left who wants it.
 * No attempt begins that could not end before the function is stopped.
 */
export async function deliver(
  message: Message,
  mime: () => Promise<Buffer>,
  order: readonly ProviderConfig[],
  start: Progress,
  onUnknown: OnUnknown,
  context: DeliverContext,
): Promise<Round> {
  let progress = start;
  const waits: (number | undefined)[] = [];
  const suppressed: Suppressed[] = [];
  for (const provider of order) {
    const offered = pending(progress);
    const deadlineMs = provider.deadlineMs ?? PROVIDER_DEFAULTS.deadlineMs;
    if (offered.length === 0 || context.remainingMs() < deadlineMs + SETTLE_MS) break;
    const number = progress.attempts + 1;
    const begun = context.now();
    const result = await context.call(provider, {
      message,
      recipients: offered,
      mime,
      number,
      deadlineMs,
      connectMs: provider.connectMs ?? PROVIDER_DEFAULTS.connectMs,
    });
    const outcomes = [result.outcome, ...(result.recipients?.values() ?? [])];
    for (const outcome of outcomes) logAttempt(context, message, provider.key, number, outcome, context.now() - begun);
    const next: Consequences = afterAttempt(progress, provider.key, offered, result, onUnknown);
    progress = next.progress;
    suppressed.push(...next.suppressed.map((one) => ({ ...one, provider: provider.key, attempt: number })));
    for (const key of next.contradicted) {
      context.metrics.add('Contradictions', 1, { provider: key });
      context.log.warn('contradiction', { submissionId: logId(message), provider: key, acceptedBy: provider.key });
    }
    waits.push(...outcomes.map((outcome) => (outcome.kind === 'throttled' ? outcome.retryAfterMs : undefined)));
    if (ended(progress)) break;
  }
  progress = declareRefused(
    progress,
    order.map(({ key }) => key),
  );
  // One provider that asks for time delays only itself; all of them together delay the mail.
  const named = waits.filter((wait) => wait !== undefined);
  return {
    progress,
    suppressed,
    ...(named.length > 0 && named.length === waits.length && { retryAfterMs: Math.min(...named) }),
  };
}

/** The id as it may stand in a log: its hash where a producer used an address as id. */
function logId({ id, handle }: Pick<Message, 'id' | 'handle'>): string {
  return id.includes('@') ? handle : id;
}

function logAttempt(
  { log }: DeliverContext,
  message: Message,
  provider: string,
  attempt: number,
  outcome: Outcome,
  durationMs: number,
): void {
  const good = outcome.kind === 'accepted';
  log[good ? 'info' : 'warn']('attempt', {
    submissionId: logId(message),
    provider,
    attempt,
    outcome: outcome.kind,
    blames: 'blames' in outcome ? outcome.blames : undefined,
    reason: good ? undefined : outcome.reason,
    detail: outcome.detail,
    durationMs,
    providerMessageId: good ? outcome.providerMessageId : undefined,
  });
}
