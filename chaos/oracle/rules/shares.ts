import { keepsMailAway } from '../../faults/kinds.ts';
import type { FaultWindow } from '../../faults/plan.ts';
import type { History } from '../history.ts';
import { isLimited, type OracleInput, type Rule } from '../input.ts';

/** Time after a fault in which the sender may still skip a provider because of the fault. */
const HEALED_MS = 80 * 60_000;
/** If at least this number of mails is expected at a provider because of its share, a count of 0 is a violation. */
const FEWEST = 10;

/**
 * A `share` is the part of the mail for which the sender tries this provider first, whatever the place of the provider in the
 * list is.
 */
export const shares: Rule = (given) => {
  const { recorder, providers } = given;
  if (isLimited(given)) return [];
  return providers.flatMap(({ key, share }) => {
    if (share === undefined) return [];
    const mails = [...recorder.histories].filter((history) => isDrawn(given, key, history));
    const count = mails.filter(({ attempts: [attempt] }) => attempt?.provider === key).length;
    const expected = share * mails.length;
    const isWrong = count > expected + 5 * Math.sqrt(expected) + 3 || (expected >= FEWEST && count === 0);
    return isWrong
      ? [`wrong share: ${count} of ${mails.length} mails first over ${key}, expected ${Math.round(expected)}`]
      : [];
  });
};

/** Whether only the configured share decided whether the sender tried this provider first for this mail. */
function isDrawn({ faultTimes }: OracleInput, key: string, { mail, attempts, ...history }: History): boolean {
  const [attempt] = attempts;
  const isFirst = history.receives === 1 && history.redrives.length === 0 && !history.interrupted;
  if (!attempt || mail.ordered || mail.supersedes !== undefined || !isFirst || !mail.usable.includes(key)) return false;
  const { decidedAt } = attempt;
  const near = faultTimes.windows.filter(({ from, to }) => from < decidedAt && to > decidedAt - HEALED_MS);
  const broken = (provider: string) => near.some((window) => concerns(window, provider));
  return !broken(key) && mail.usable.some((other) => other !== key && !broken(other));
}

function concerns({ kind, provider }: FaultWindow, key: string): boolean {
  return provider === undefined || (provider === key && keepsMailAway(kind));
}
