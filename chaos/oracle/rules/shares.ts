import { keepsMailAway } from '../../faults/kinds.ts';
import type { FaultWindow } from '../../faults/plan.ts';
import { isLimited, type OracleCase, type Rule } from '../case.ts';
import type { Story } from '../story.ts';

/** Time after a fault in which its provider may still be skipped, or another may be. */
const HEALED_MS = 80 * 60_000;
/** Fewest expected mails for which it says something that there are none. */
const FEWEST = 10;

/** A provider with a `share` gets this part of the mail first, whatever its place in the list. */
export const shares: Rule = (given) => {
  const { chronicle, providers } = given;
  if (isLimited(given)) return [];
  return providers.flatMap(({ key, share }) => {
    if (share === undefined) return [];
    const mails = [...chronicle.stories].filter((story) => isDrawn(given, key, story));
    const count = mails.filter(({ attempts: [attempt] }) => attempt?.provider === key).length;
    const expected = share * mails.length;
    const isWrong = count > expected + 5 * Math.sqrt(expected) + 3 || (expected >= FEWEST && count === 0);
    return isWrong
      ? [`wrong share: ${count} of ${mails.length} mails first over ${key}, expected ${Math.round(expected)}`]
      : [];
  });
};

/** Whether the mail was first offered to the provider if the share drew it, and otherwise to another. */
function isDrawn({ troubles }: OracleCase, key: string, { mail, attempts, ...story }: Story): boolean {
  const [attempt] = attempts;
  const isFirst = story.receives === 1 && story.redrives.length === 0 && !story.interrupted;
  if (!attempt || mail.ordered || mail.supersedes !== undefined || !isFirst || !mail.usable.includes(key)) return false;
  const { decidedAt } = attempt;
  const near = troubles.windows.filter(({ from, to }) => from < decidedAt && to > decidedAt - HEALED_MS);
  const broken = (provider: string) => near.some((window) => concerns(window, provider));
  return !broken(key) && mail.usable.some((other) => other !== key && !broken(other));
}

function concerns({ kind, provider }: FaultWindow, key: string): boolean {
  return provider === undefined || (provider === key && keepsMailAway(kind));
}
