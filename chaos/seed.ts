import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { EXERCISE_MS, ratesOf } from './exercise.ts';
import type { FaultKind } from './faults/kinds.ts';
import { planFaults } from './faults/plan.ts';
import { CALM_MAIL_MS } from './mails/calm.ts';
import { drawMails, drawRushes } from './mails/draw.ts';
import type { SenderReleases } from './releases/load.ts';
import { type RunResult, runWorld, STACK_HOUR_MS, START } from './run.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly mails: number;
  /** Kinds of faults that occur. @default - those that the seed draws */
  readonly faults?: readonly FaultKind[];
  /** Kinds of faults that do not occur. @default - none */
  readonly without?: readonly FaultKind[];
  /** Hours until faults and new mail end. @default - two weeks */
  readonly untilHours?: number;
  /** Recursive loop detection of Lambda is off. @default - as deployed */
  readonly allowsLoops?: boolean | undefined;
  /** Gets each event as a line. @default - only the hash is kept */
  readonly trace?: ((line: string) => void) | undefined;
}

const FAULTS_MS = 14 * 24 * STACK_HOUR_MS;
/**
 * Longest time from the last mail of the exercise until everything has ended: mail may be 40 minutes old when the providers come back
 * for the last half hour of the exercise, so it waits for at most 50 of them; and a message of a killed process or a copy takes a quarter of an hour.
 */
const AFTER_MS = 35 * 60_000;
/** Time after the drawn faults within which every mail must have ended, including the exercise's. */
const CALM_MS = CALM_MAIL_MS + EXERCISE_MS + AFTER_MS;

/** The list of `bin/mailover.ts`, and a rate for the last provider. */
export const SIMULATED_PROVIDERS: readonly ProviderConfig[] = [
  { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
  { key: 'own-mta', type: 'smtp', share: 0.01, maxPerSecond: 5, options: { host: 'mta.example.com' } },
];

/** Providers with rates, which some seeds have for every provider. */
function drawRates(seed: number): readonly ProviderConfig[] {
  const random = ratesOf(seed);
  if (!random) return SIMULATED_PROVIDERS;
  return SIMULATED_PROVIDERS.map((provider) => ({ ...provider, maxPerSecond: 3 + random.int(20) }));
}

/** Runs one seed: two weeks of mail and of the faults that it draws. */
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
    calmMs: CALM_MS,
    exercise: (kind) => (faults ? faults.includes(kind) : !without.includes(kind)),
    releases,
    allowsLoops,
    trace,
  });
}
