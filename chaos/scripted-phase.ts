import { defined } from '../lambda/platform/defined.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { FaultWindow } from './faults/plan.ts';
import { Random } from './random.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/**
 * One step of the scripted phase (a fixed list of steps at the end of a run): the pace at which mail is sent, and the faults
 * during the step.
 */
export interface PhaseStep {
  readonly name: string;
  readonly durationMs: number;
  /** Milliseconds between two mails. */
  readonly everyMs: number;
  /**
   * Classes of mail: each mail of the step has the next class of the list, from the start again after the last; '' means no
   * class. @default - no mail has a class
   */
  readonly classes?: readonly string[];
  /** Number of recipients of each mail. @default 1 */
  readonly recipients?: number;
  /** For each mail, the number of recipients whose mailbox does not exist. Mail to these recipients bounces. @default 0 */
  readonly bounces?: number;
  /**
   * Class of mail that is paused in this step, since mail of this class bounced in an earlier step. At the end of the step an
   * operator resumes the class.
   */
  readonly pauses?: string;
  /** Each mail may be sent only through the last provider of the list. */
  readonly pinned?: true;
  /** Share of the seeds whose run contains this step; below 1 if the step takes much computing time. @default 1 */
  readonly seeds?: number;
  /** A deployment at the end of the step gives the first provider another key. */
  readonly renames?: true;
  /** Faults of AWS, of all providers, or of the first provider of the list, each with its rate. */
  readonly faults?: Readonly<Partial<Record<FaultKind, number>>>;
  /** Mail must go to the first provider again from this number of milliseconds after the start of the step. */
  readonly firstAfterMs?: number;
  /** A provider must accept each mail of this step within this number of milliseconds. */
  readonly acceptedWithinMs?: number;
  /** A worker must receive each mail of this step within this number of milliseconds, even if much other mail waits. */
  readonly receivedWithinMs?: number;
  /** For at most this number of mails the recipient may be suppressed because the provider reports the mailbox as inactive. */
  readonly mostSuppressed?: number;
}

/**
 * Longest time from the end of an outage until the provider gets its full share of the mail again. In this time the circuit
 * breaker is first open, with jitter, and then admits mail slowly (slow start).
 */
const CIRCUIT_MS = 14 * MINUTE;
/**
 * Longest time from an operator's command until every worker obeys the command and calls that began before the command have
 * ended.
 */
const SWITCH_MS = 30 * SECOND;
/**
 * Longest time until a provider accepts a mail that is submitted just before the first provider fails, or during the slow start of
 * the first provider.
 */
const SOON_MS = 2 * MINUTE;

/**
 * Steps of the scripted phase, which begins about two hours after the last random fault. Every seed runs these steps, except
 * steps with a `seeds` below 1. Random faults occur at any time, mostly while little mail is sent. In the scripted phase mail is
 * sent during every fault: each step sends a mail at least once a minute. Therefore every seed detects a circuit breaker that
 * does not open or close, an ignored command of an operator, and duplicate messages that multiply. Each rule of the oracle then
 * has many mails to check.
 */
const SCRIPT: readonly PhaseStep[] = [
  { name: 'before', durationMs: 2 * MINUTE, everyMs: 10 * SECOND, firstAfterMs: 0, acceptedWithinMs: SOON_MS },
  { name: 'rush', durationMs: 4 * SECOND, everyMs: 40, pinned: true, acceptedWithinMs: 5 * MINUTE },
  { name: 'after the rush', durationMs: 5 * MINUTE, everyMs: 30 * SECOND, firstAfterMs: 0, acceptedWithinMs: SOON_MS },
  {
    name: 'bulk',
    durationMs: 2 * SECOND,
    everyMs: 2,
    classes: ['news'],
    faults: { slow: 1 },
    seeds: 0.3,
  },
  {
    name: 'codes behind bulk',
    durationMs: 30 * SECOND,
    everyMs: SECOND,
    classes: ['codes'],
    faults: { slow: 1 },
    seeds: 0.3,
    receivedWithinMs: 3 * SECOND,
    acceptedWithinMs: MINUTE,
  },
  {
    name: 'mailboxes called bad',
    durationMs: 12 * MINUTE,
    everyMs: 5 * SECOND,
    faults: { 'mis-suppressed': 1 },
    mostSuppressed: 20,
  },
  {
    name: 'account suspended',
    durationMs: 20 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { suspended: 1 },
    acceptedWithinMs: SOON_MS,
  },
  {
    name: 'account back',
    durationMs: 18 * MINUTE,
    everyMs: 15 * SECOND,
    firstAfterMs: CIRCUIT_MS,
    acceptedWithinMs: SOON_MS,
  },
  {
    name: 'isolated',
    durationMs: 12 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { isolated: 1 },
    acceptedWithinMs: SOON_MS,
  },
  {
    name: 'released',
    durationMs: 5 * MINUTE,
    everyMs: 10 * SECOND,
    firstAfterMs: SWITCH_MS,
    acceptedWithinMs: SOON_MS,
  },
  {
    name: 'offers to old addresses',
    durationMs: 2 * SECOND,
    everyMs: 333,
    classes: ['offers'],
    recipients: 45,
    bounces: 4,
    acceptedWithinMs: SOON_MS,
  },
  // The bounces arrive within half a minute. The class of mail is paused within another minute. Each worker reads the pause within ten
  // seconds.
  { name: 'bounces', durationMs: 3 * MINUTE, everyMs: MINUTE, classes: ['receipts'], acceptedWithinMs: SOON_MS },
  {
    name: 'class paused',
    durationMs: 3 * MINUTE,
    everyMs: 10 * SECOND,
    classes: ['offers', 'receipts', ''],
    pauses: 'offers',
  },
  // A mail waits as long as it is old. Therefore mail that was submitted at the beginning of the pause waits for about three more minutes.
  { name: 'class released', durationMs: 6 * MINUTE, everyMs: MINUTE, classes: ['offers'], acceptedWithinMs: SOON_MS },
  {
    name: 'short outage',
    durationMs: 40 * SECOND,
    everyMs: SECOND,
    faults: { '5xx': 1 },
    seeds: 0.3,
    acceptedWithinMs: SOON_MS,
  },
  { name: 'slow start', durationMs: 90 * SECOND, everyMs: 250, seeds: 0.3, acceptedWithinMs: SOON_MS },
  { name: 'quick answers', durationMs: 10 * SECOND, everyMs: 50, seeds: 0.3, acceptedWithinMs: SOON_MS },
  {
    name: 'no answer while mail flows',
    durationMs: 20 * SECOND,
    everyMs: 100,
    faults: { 'hang-taken': 1 },
    seeds: 0.3,
  },
  {
    name: 'answers lost, without a look-up',
    durationMs: 8 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { 'reset-taken': 0.25, 'lookup-down': 1 },
  },
  { name: 'questions', durationMs: 20 * MINUTE, everyMs: MINUTE },
  {
    name: 'answers lost before a new key',
    durationMs: 5 * MINUTE,
    everyMs: 5 * SECOND,
    faults: { 'reset-taken': 0.25 },
    renames: true,
  },
  { name: 'under a new key', durationMs: 10 * MINUTE, everyMs: 15 * SECOND, firstAfterMs: SWITCH_MS },
  { name: 'processes killed', durationMs: 12 * MINUTE, everyMs: 8 * SECOND, faults: { kill: 0.5 } },
  { name: 'mail of killed processes', durationMs: 18 * MINUTE, everyMs: MINUTE },
  {
    name: 'nothing works',
    durationMs: 40 * MINUTE,
    everyMs: MINUTE,
    faults: { 'all-down': 1, 'sqs-duplicates': 0.1, 'sqs-errors': 0.15 },
    classes: ['', 'codes', '', 'news'],
  },
  { name: 'after', durationMs: 30 * MINUTE, everyMs: MINUTE, faults: { 'sqs-duplicates': 0.1 } },
  {
    name: 'time asked for',
    durationMs: 6 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { 'retry-after': 1 },
    acceptedWithinMs: SOON_MS,
  },
];

export const SCRIPTED_MS = SCRIPT.reduce((sum, { durationMs }) => sum + durationMs, 0);

/** Faults of AWS, or of all providers together. */
const OF_PLATFORM: ReadonlySet<string> = new Set<FaultKind>(['kill', 'all-down', 'sqs-duplicates', 'sqs-errors']);

/** Whether the scripted phase of a seed contains this step. */
function isIn(seed: number, { seeds = 1 }: PhaseStep): boolean {
  return new Random(seed, 'parts').chance(seeds);
}

/**
 * In a fifth of the seeds, returns the stream of random numbers for the rate limits of all providers. In the other seeds not
 * every provider has a rate limit, and the result is undefined.
 */
export function ratesOf(seed: number): Random | undefined {
  const random = new Random(seed, 'rates');
  return random.chance(0.2) ? random : undefined;
}

/** Returns the steps of a seed, each with the time at which the step begins. */
export function stepsFrom(seed: number, from: number): readonly (PhaseStep & { readonly from: number })[] {
  let at = from;
  return SCRIPT.filter((step) => isIn(seed, step)).map((step) => {
    const begins = at;
    at += step.durationMs;
    return { ...step, from: begins };
  });
}

/** Returns the faults of the scripted phase as {@link FaultWindow}s; `wanted` returns whether a kind of fault may occur. */
export function scriptedWindows(
  seed: number,
  from: number,
  first: string,
  wanted: (kind: FaultKind) => boolean,
): FaultWindow[] {
  return stepsFrom(seed, from).flatMap((step) =>
    (Object.entries(step.faults ?? {}) as [FaultKind, number][])
      .filter(([kind]) => wanted(kind))
      .map(
        ([kind, rate]): FaultWindow => ({
          kind,
          ...defined({ provider: OF_PLATFORM.has(kind) ? undefined : first }),
          from: step.from,
          to: step.from + step.durationMs,
          rate,
        }),
      ),
  );
}
