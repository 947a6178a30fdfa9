import { named } from '../history.ts';
import type { Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

/** A look-up of sent mail after a lost answer is made at least a minute after the call, and only at a provider that offers look-ups. */
export const lookUps: Rule = ({ recorder, providers }) =>
  [...recorder.histories].flatMap((history) =>
    history.lookUps.flatMap(({ provider, worker, begunAt, at }) => {
      if (!providers.find(({ key }) => key === provider)?.askable) return [`cannot be asked: ${provider}`];
      const calls = history.attempts.filter((one) => one.provider === provider && one.decidedAt <= at);
      const call = calls.at(-1);
      // The ledger may contain an attempt without a call, if the process was killed between the write of the attempt and the call.
      const first = history.firstAttempts.get(provider);
      const decisions = [...(first === undefined ? [] : [first]), ...calls.map(({ decidedAt }) => decidedAt)];
      // After this worker read the record of the submission, another worker may have called the provider again, for a duplicate of the
      // queue message.
      const known = decisions.findLast((decidedAt) => decidedAt <= begunAt);
      if (!call || isDue(call.decidedAt, at) || (known !== undefined && isDue(known, at))) return [];
      const wrongClock = [worker, call.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
      const seconds = ((at - call.decidedAt) / 1_000).toFixed(1);
      return wrongClock ? [] : [`asked too early: ${named(history)}: ${provider} ${seconds} s after the call`];
    }),
  );

function isDue(decidedAt: number, at: number): boolean {
  return at >= decidedAt + PROMISES.askAfterMs - 2 * PROMISES.clockMs;
}
