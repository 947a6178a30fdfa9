import type { ProviderConfig } from '../lambda/contract/providers.ts';
import type { FaultKind } from './faults/kinds.ts';
import { planFaults } from './faults/plan.ts';
import { drawMails, drawRushes } from './mails/draw.ts';
import { QUIET_MAIL_MS } from './mails/phases.ts';
import type { SenderReleases } from './releases/load.ts';
import { type RunResult, runWorld, STACK_HOUR_MS, START } from './run.ts';
import { ratesOf, SCRIPTED_MS } from './scripted-phase.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly mails: number;
  /** Kinds of faults that occur. @default - the kinds that the seed draws */
  readonly faults?: readonly FaultKind[];
  /** Kinds of faults that do not occur. @default - no kind is left out */
  readonly without?: readonly FaultKind[];
  /** Hours from the start until the random faults and the random mail end. @default - two weeks */
  readonly untilHours?: number;
  /** Whether recursive loop detection of Lambda is off. @default - the setting of the deployment */
  readonly allowsLoops?: boolean | undefined;
  /** Is called with each event of the run as a line of text. @default - only the hash of all events is computed */
  readonly trace?: ((line: string) => void) | undefined;
}

const FAULTS_MS = 14 * 24 * STACK_HOUR_MS;
/**
 * Longest time from the last mail of the scripted phase until all mail has ended. The scripted phase is a fixed list of steps at
 * the end of a run. The providers work again 36 minutes before its end. At this time mail may be 40 minutes old, so the mail
 * waits for at most 50 minutes. A message of a killed process, or a duplicate message, needs 15 minutes more.
 */
const AFTER_MS = 35 * 60_000;
/** Time after the random faults within which all mail must have ended, including the mail of the scripted phase. */
const QUIET_MS = QUIET_MAIL_MS + SCRIPTED_MS + AFTER_MS;

/**
 * Providers with the keys and types of `bin/mailover.ts`. Only the last provider has a rate limit, which it does not have in
 * `bin/mailover.ts`.
 */
export const SIMULATED_PROVIDERS: readonly ProviderConfig[] = [
  { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
  { key: 'own-mta', type: 'smtp', share: 0.01, maxPerSecond: 5, options: { host: 'mta.example.com' } },
];

/** Returns the providers of a seed. In a fifth of the seeds every provider has a random rate limit. */
function drawRates(seed: number): readonly ProviderConfig[] {
  const random = ratesOf(seed);
  if (!random) return SIMULATED_PROVIDERS;
  return SIMULATED_PROVIDERS.map((provider) => ({ ...provider, maxPerSecond: 3 + random.int(20) }));
}

/** Runs one seed: two weeks of random mail and random faults, then the quiet phase, then the scripted phase. */
export function runSeed(options: SeedOptions, releases: SenderReleases): Promise<RunResult> {
  const { seed, mails: count, faults, without = [], untilHours, allowsLoops, trace } = options;
  const end = START + FAULTS_MS;
  const until = untilHours === undefined ? end : Math.min(end, START + untilHours * STACK_HOUR_MS);
  const keys = SIMULATED_PROVIDERS.map(({ key }) => key);
  const rushes = drawRushes(seed, START, end);
  const windows = planFaults({ seed, start: START, end, providers: keys, kinds: faults, rushes })
    .filter(({ kind, from }) => !without.includes(kind) && from < until)
    .map((window) => ({ ...window, to: Math.min(window.to, until) }));
  const mails = drawMails({ seed, count, start: START, end, providers: keys, rushes }).filter(
    ({ sendAt: [first = 0] }) => first < until,
  );
  const last = Math.max(until, ...mails.map(({ sendAt }) => sendAt.at(-1) as number));
  return runWorld({
    seed,
    providers: drawRates(seed),
    mails,
    windows,
    last,
    quietMs: QUIET_MS,
    scriptedFaults: (kind) => (faults ? faults.includes(kind) : !without.includes(kind)),
    releases,
    allowsLoops,
    trace,
  });
}
