import type { SimulatedWorker } from '../world/worker.ts';
import type { History, Retry } from './history.ts';
import { PROMISES } from './promises.ts';

const MINUTE = 60_000;

/**
 * Largest number of messages to retry queues that a single mail may cause within ten minutes. The same limit applies to the calls
 * of providers for this mail.
 */
const MOST = { inMs: 10 * MINUTE, count: 60 } as const;

/**
 * Whether a mail circulates without end. Retries by processes with wrong clocks do not prove this: for a process whose clock is
 * slow, the mail seems new.
 */
export function isRunaway({ retries, attempts }: History): boolean {
  const isRight = ({ worker }: Retry) => worker.worstSkewMs <= PROMISES.clockMs;
  return (
    (exceeds(retries, ({ at }) => at) && exceeds(retries.filter(isRight), ({ at }) => at)) ||
    exceeds(attempts, ({ begunAt }) => begunAt)
  );
}

function exceeds<T>(list: readonly T[], at: (one: T) => number): boolean {
  const last = list.at(-1);
  const before = list.at(-1 - MOST.count);
  return last !== undefined && before !== undefined && at(last) - at(before) < MOST.inMs;
}

/**
 * Returns the record of a message that a process sends to a retry queue in an invocation that began at `invokedAt`. If the message
 * has no attribute `NotBefore`, `waitMs` of the record is NaN.
 */
export function retryOf(
  { attempts, mail }: History,
  attributes: Readonly<Record<string, string>>,
  worker: SimulatedWorker,
  { at, invokedAt, delayMs }: { readonly at: number; readonly invokedAt: number; readonly delayMs: number },
): Retry {
  const last = attempts.findLast((one) => one.worker === worker);
  // Only an attempt of this invocation counts: a message that was received before it was due goes back to a retry queue and keeps its
  // old `NotBefore`.
  const lost = last?.answer?.outcome === 'unknown' && last.begunAt >= invokedAt;
  // If an answer of the same provider is lost a second time, the mail waits longer than for a look-up.
  const again = attempts.some((one) => one !== last && one.provider === last?.provider);
  return {
    worker,
    at,
    waitMs: Date.parse(attributes['NotBefore'] ?? '') - worker.clock.now(),
    hiddenMs: delayMs,
    asks: lost && !again && mail.onUnknown !== 'failover',
  };
}
