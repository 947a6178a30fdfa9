import type { SimulatedWorker } from '../world/worker.ts';
import { PROMISES } from './promises.ts';
import type { Hop, Story } from './story.ts';

const MINUTE = 60_000;

/** Messages to retry queues, and calls, within ten minutes at most: each round is a message and a call of all providers. */
const MOST = { inMs: 10 * MINUTE, count: 60 } as const;

/** Whether a mail circulates without end. A process whose clock is behind takes a mail for new until its clock is at the mail's time. */
export function isRunaway({ hops, attempts }: Story): boolean {
  const isRight = ({ worker }: Hop) => worker.worstSkewMs <= PROMISES.clockMs;
  return (
    (exceeds(hops, ({ at }) => at) && exceeds(hops.filter(isRight), ({ at }) => at)) ||
    exceeds(attempts, ({ begunAt }) => begunAt)
  );
}

function exceeds<T>(list: readonly T[], at: (one: T) => number): boolean {
  const last = list.at(-1);
  const before = list.at(-1 - MOST.count);
  return last !== undefined && before !== undefined && at(last) - at(before) < MOST.inMs;
}

/**
 * Record of a message that a process sends to a retry queue, in an invocation that began at `invokedAt`; without
 * `NotBefore` its wait is not a number.
 */
export function hopOf(
  { attempts, mail }: Story,
  attributes: Readonly<Record<string, string>>,
  worker: SimulatedWorker,
  { at, invokedAt, delayMs }: { readonly at: number; readonly invokedAt: number; readonly delayMs: number },
): Hop {
  const last = attempts.findLast((one) => one.worker === worker);
  // A message that is not due yet keeps the wait that an earlier round has chosen.
  const lost = last?.answer?.outcome === 'unknown' && last.begunAt >= invokedAt;
  // After repeated lost answers of a provider the wait grows.
  const again = attempts.some((one) => one !== last && one.provider === last?.provider);
  return {
    worker,
    at,
    waitMs: Date.parse(attributes['NotBefore'] ?? '') - worker.clock.now(),
    hiddenMs: delayMs,
    asks: lost && !again && mail.onUnknown !== 'failover',
  };
}
