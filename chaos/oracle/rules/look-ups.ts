import type { Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, type ProviderCall, type ProviderLookUp, type Story } from '../story.ts';

/** Look-ups after a lost answer are made when the provider can find the mail, and not before. */
export const lookUps: Rule = ({ chronicle, providers }) =>
  [...chronicle.stories].flatMap((story) =>
    story.lookUps.flatMap((lookUp) => {
      const { provider, worker, at } = lookUp;
      if (!providers.find(({ key }) => key === provider)?.askable) return [`cannot be asked: ${provider}`];
      const calls = story.attempts.filter((one) => one.provider === provider && one.decidedAt <= at);
      const call = calls.at(-1);
      // The process of the attempt may have been killed between the write to the ledger and the call.
      if (!call || calls.some((one) => isDue(one, at) && (one === call || isOpen(one, lookUp, story)))) return [];
      const wrongClock = [worker, call.worker].some(({ worstSkewMs }) => worstSkewMs > PROMISES.clockMs);
      const seconds = ((at - call.decidedAt) / 1_000).toFixed(1);
      return wrongClock ? [] : [`asked too early: ${named(story)}: ${provider} ${seconds} s after the call`];
    }),
  );

function isDue(call: ProviderCall, at: number): boolean {
  return at >= call.decidedAt + PROMISES.askAfterMs - 2 * PROMISES.clockMs;
}

/**
 * Whether an invocation could ask about an older call, since no look-up after that call had ended when it began: the worker of
 * another copy of the message may have called the provider again meanwhile.
 */
function isOpen(call: ProviderCall, { provider, begunAt }: ProviderLookUp, { lookUps }: Story): boolean {
  return !lookUps.some((one) => one.provider === provider && one.at > call.decidedAt && one.at <= begunAt);
}
