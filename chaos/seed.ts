import type { ProviderConfig } from '../lambda/contract/providers.ts';
import type { FaultKind } from './faults/kinds.ts';
import { planFaults } from './faults/plan.ts';
import { drawMails, drawRushes } from './mails.ts';
import type { Releases } from './releases/load.ts';
import { HOUR_MS, type RunResult, runWorld, START } from './run.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly mails: number;
  /** Kinds of faults that occur. @default - those that the seed draws */
  readonly faults?: readonly FaultKind[];
  /** Kinds of faults that do not. @default - none */
  readonly without?: readonly FaultKind[];
  /** Ends faults and fresh mail after so many hours. @default - two weeks */
  readonly untilHours?: number;
  /** Recursive loop detection of Lambda is off. @default - as deployed */
  readonly allowsLoops?: boolean | undefined;
  /** Gets each event as a line. @default - only the hash is kept */
  readonly trace?: ((line: string) => void) | undefined;
}

const FAULTS_MS = 14 * 24 * HOUR_MS;
/** Once nothing is broken any more, every mail must have ended within this. */
const CALM_MS = 6 * HOUR_MS;

/** The list of `bin/mailover.ts`. */
export const PROVIDERS: readonly ProviderConfig[] = [
  { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'mg.example.com' } },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
  { key: 'own-mta', type: 'smtp', share: 0.01, options: { host: 'mta.example.com' } },
];

/** Runs one seed: two weeks of mail and of the faults that it draws. */
export function runSeed(options: SeedOptions, releases: Releases): Promise<RunResult> {
  const { seed, mails: count, faults, without = [], untilHours, allowsLoops, trace } = options;
  const end = START + FAULTS_MS;
  const until = untilHours === undefined ? end : Math.min(end, START + untilHours * HOUR_MS);
  const keys = PROVIDERS.map(({ key }) => key);
  const rushes = drawRushes(seed, START, end);
  const mails = drawMails({ seed, count, start: START, end, providers: keys, rushes }).filter(
    ({ sendAt: [first = 0] }) => first < until,
  );
  const windows = planFaults({ seed, start: START, end, providers: keys, kinds: faults, rushes })
    .filter(({ kind, from }) => !without.includes(kind) && from < until)
    .map((window) => ({ ...window, to: Math.min(window.to, until) }));
  const last = Math.max(until, ...mails.map(({ sendAt }) => sendAt.at(-1) as number));
  return runWorld({ seed, providers: PROVIDERS, mails, windows, last, calmMs: CALM_MS, releases, allowsLoops, trace });
}
