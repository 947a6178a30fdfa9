import type { Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named } from '../story.ts';

/** Look-ups after a lost answer are made when the provider can find the mail, and not before. */
export const lookUps: Rule = ({ chronicle, providers }) =>
  [...chronicle.stories].flatMap((story) =>
    story.lookUps.flatMap(({ provider, worker, at }) => {
      const call = story.attempts.findLast((one) => one.provider === provider && one.decidedAt <= at);
      if (!providers.find(({ key }) => key === provider)?.askable) return [`cannot be asked: ${provider}`];
      // The process of the attempt may have been killed between the write to the ledger and the call.
      if (!call) return [];
      const wrongClock = [worker, call.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
      const early = at < call.decidedAt + PROMISES.askAfterMs - 2 * PROMISES.clockMs;
      return early && !wrongClock
        ? [
            `asked too early: ${named(story)}: ${provider} ${((at - call.decidedAt) / 1_000).toFixed(1)} s after the call`,
          ]
        : [];
    }),
  );
