import type { Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named } from '../story.ts';

/** Look-ups after a lost answer are made when the provider can find the mail, and not before. */
export const lookUps: Rule = ({ chronicle, providers }) =>
  [...chronicle.stories].flatMap((story) =>
    story.lookUps.flatMap(({ provider, worker, begunAt, at }) => {
      if (!providers.find(({ key }) => key === provider)?.askable) return [`cannot be asked: ${provider}`];
      const calls = story.attempts.filter((one) => one.provider === provider && one.decidedAt <= at);
      const call = calls.at(-1);
      // The process of an attempt may have been killed between the write to the ledger and the call.
      const first = story.firstAttempts.get(provider);
      const decisions = [...(first === undefined ? [] : [first]), ...calls.map(({ decidedAt }) => decidedAt)];
      // The worker of another copy may have called the provider again since this worker read the record.
      const known = decisions.findLast((decidedAt) => decidedAt <= begunAt);
      if (!call || isDue(call.decidedAt, at) || (known !== undefined && isDue(known, at))) return [];
      const wrongClock = [worker, call.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
      const seconds = ((at - call.decidedAt) / 1_000).toFixed(1);
      return wrongClock ? [] : [`asked too early: ${named(story)}: ${provider} ${seconds} s after the call`];
    }),
  );

function isDue(decidedAt: number, at: number): boolean {
  return at >= decidedAt + PROMISES.askAfterMs - 2 * PROMISES.clockMs;
}
