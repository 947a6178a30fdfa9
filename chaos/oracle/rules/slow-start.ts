import { FAULT_KINDS, type FaultKind, keepsMailAway } from '../../faults/kinds.ts';
import { OF_TABLE } from '../../faults/troubles.ts';
import { isLimited, type JudgedProvider, type OracleCase, type Rule } from '../case.ts';
import { type Story, time } from '../story.ts';

const MINUTE = 60_000;

/** Periods after a circuit closed, in milliseconds, and the part of its mail that the provider may get in each. */
const STEPS = [
  { fromMs: 0, toMs: 10_000, share: 1 / 8 },
  { fromMs: 10_000, toMs: 20_000, share: 1 / 4 },
  { fromMs: 20_000, toMs: 30_000, share: 1 / 2 },
] as const;
/** Time between the two ends of a step in which clocks, and the way to the table, leave open which step applies. */
const EDGE_MS = 500;
/** Kinds of faults with which a provider may not get the mail, or may be in slow start itself. */
const OF_PROVIDERS: ReadonlySet<FaultKind> = new Set([
  'all-down',
  'secrets-down',
  ...FAULT_KINDS.filter(keepsMailAway),
]);
/** Fewest mails of a step for which its share says something. */
const FEWEST = 20;

/** A provider whose circuit has closed gets an eighth of its mail, then a quarter, then half. */
export const slowStart: Rule = (given) => {
  const { chronicle, troubles, providers } = given;
  if (isLimited(given)) return [];
  const [first] = providers;
  const stories = [...chronicle.stories].filter(isFree);
  const closings = chronicle.closings.filter(
    ({ provider, at }) =>
      provider === first?.key &&
      !troubles.any(OF_TABLE, at - MINUTE, at + MINUTE) &&
      !chronicle.wrongClocks.overlaps(at - 30 * MINUTE, at + MINUTE) &&
      providers.some((other) => other !== first && isSteady(other, at, given)),
  );
  return closings.flatMap(({ provider, at }) =>
    STEPS.flatMap(({ fromMs, toMs, share }) => {
      const mails = stories.filter(({ attempts: [attempt] }) => {
        const decidedAt = attempt?.decidedAt ?? 0;
        return decidedAt > at + fromMs + EDGE_MS && decidedAt < at + toMs - EDGE_MS;
      });
      const taken = mails.filter(({ attempts: [attempt] }) => attempt?.provider === provider);
      const expected = share * mails.length;
      return mails.length >= FEWEST && taken.length > expected + 4 * Math.sqrt(expected) + 1
        ? [
            `no slow start: ${taken.length} of ${mails.length} mails went to ${provider}, whose circuit closed at ${time(at)}, in seconds ${fromMs / 1_000} to ${toMs / 1_000}`,
          ]
        : [];
    }),
  );
};

/** Whether a provider can take what slow start keeps from another; without such a provider the mail goes there at once. */
function isSteady({ key, maxPerSecond }: JudgedProvider, at: number, { chronicle, troubles }: OracleCase): boolean {
  const closes = chronicle.closings.some((one) => one.provider === key && Math.abs(one.at - at) < MINUTE);
  return maxPerSecond === undefined && !closes && !troubles.any(OF_PROVIDERS, at - 30 * MINUTE, at + MINUTE, key);
}

/** Whether the mail goes to the first provider of the list if that is admitted. */
function isFree({ mail, receives, redrives, interrupted }: Story): boolean {
  return !mail.ordered && mail.supersedes === undefined && receives === 1 && redrives.length === 0 && !interrupted;
}
