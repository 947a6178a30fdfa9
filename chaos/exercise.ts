import type { FaultKind } from './faults/kinds.ts';
import type { FaultWindow } from './faults/plan.ts';
import { Random } from './world/random.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** One part of the exercise: mail at an even pace, and the faults that it tests. */
export interface Part {
  readonly name: string;
  readonly lastsMs: number;
  /** Milliseconds between two mails. */
  readonly everyMs: number;
  /** Classes of its mails, in turns; '' for mail without a class. @default - no mail has a class */
  readonly classes?: readonly string[];
  /** Number of recipients of each mail. @default 1 */
  readonly recipients?: number;
  /** Number of them whose mailbox does not exist, so that the mail bounces. @default 0 */
  readonly bounces?: number;
  /** Class that is paused in this part, since the mail of an earlier part bounced; an operator releases it at the end. */
  readonly pauses?: string;
  /** Each mail names the last provider of the list as the only one that may carry it. */
  readonly pinned?: true;
  /** Share of the seeds that have this expensive part. @default 1 */
  readonly seeds?: number;
  /** A deployment at the end of the part gives the first provider another key. */
  readonly renames?: true;
  /** Faults of the first provider of the list, or of the platform, with their rates. */
  readonly faults?: Readonly<Partial<Record<FaultKind, number>>>;
  /** Milliseconds after the start of the part from which mail goes to the first provider again. */
  readonly firstAfterMs?: number;
  /** Milliseconds within which a mail of this part is accepted. */
  readonly takenWithinMs?: number;
  /** Milliseconds within which a worker receives a mail of this part, whatever else waits. */
  readonly receivedWithinMs?: number;
  /** Largest number of recipients that may be suppressed because the provider calls their mailboxes bad. */
  readonly mostSuppressed?: number;
}

/** Longest time that a circuit stays open, its jitter, and the slow start. */
const CIRCUIT_MS = 14 * MINUTE;
/** Time until an operator's switch applies, and calls in flight have ended. */
const SWITCH_MS = 30 * SECOND;
/** Wait of a mail sent just before the provider broke, or in its slow start. */
const SOON_MS = 2 * MINUTE;

/**
 * Events in every seed, after two hours without faults: the drawn faults occur at any time, and mostly
 * where mail is sparse. In the exercise mail is sent every few seconds, so that a circuit that does not open or close,
 * an ignored operator's switch and copies that multiply are found in every seed, and each rule has many mails to check.
 */
const EXERCISE: readonly Part[] = [
  { name: 'before', lastsMs: 2 * MINUTE, everyMs: 10 * SECOND, firstAfterMs: 0, takenWithinMs: SOON_MS },
  { name: 'rush', lastsMs: 4 * SECOND, everyMs: 40, pinned: true, takenWithinMs: 5 * MINUTE },
  { name: 'after the rush', lastsMs: 5 * MINUTE, everyMs: 30 * SECOND, firstAfterMs: 0, takenWithinMs: SOON_MS },
  {
    name: 'bulk',
    lastsMs: 2 * SECOND,
    everyMs: 2,
    classes: ['news'],
    faults: { slow: 1 },
    seeds: 0.3,
  },
  {
    name: 'codes behind bulk',
    lastsMs: 30 * SECOND,
    everyMs: SECOND,
    classes: ['codes'],
    faults: { slow: 1 },
    seeds: 0.3,
    receivedWithinMs: 3 * SECOND,
    takenWithinMs: MINUTE,
  },
  {
    name: 'mailboxes called bad',
    lastsMs: 12 * MINUTE,
    everyMs: 5 * SECOND,
    faults: { 'mis-suppressed': 1 },
    mostSuppressed: 20,
  },
  {
    name: 'account suspended',
    lastsMs: 20 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { suspended: 1 },
    takenWithinMs: SOON_MS,
  },
  {
    name: 'account back',
    lastsMs: 18 * MINUTE,
    everyMs: 15 * SECOND,
    firstAfterMs: CIRCUIT_MS,
    takenWithinMs: SOON_MS,
  },
  { name: 'isolated', lastsMs: 12 * MINUTE, everyMs: 10 * SECOND, faults: { isolated: 1 }, takenWithinMs: SOON_MS },
  { name: 'released', lastsMs: 5 * MINUTE, everyMs: 10 * SECOND, firstAfterMs: SWITCH_MS, takenWithinMs: SOON_MS },
  {
    name: 'offers to old addresses',
    lastsMs: 2 * SECOND,
    everyMs: 333,
    classes: ['offers'],
    recipients: 45,
    bounces: 4,
    takenWithinMs: SOON_MS,
  },
  // The bounces come within half a minute, the judgement within another one, and a worker learns of it within ten seconds.
  { name: 'bounces', lastsMs: 3 * MINUTE, everyMs: MINUTE, classes: ['receipts'], takenWithinMs: SOON_MS },
  {
    name: 'class paused',
    lastsMs: 3 * MINUTE,
    everyMs: 10 * SECOND,
    classes: ['offers', 'receipts', ''],
    pauses: 'offers',
  },
  // Mail that was sent at the beginning of the pause waits as long as it is old.
  { name: 'class released', lastsMs: 6 * MINUTE, everyMs: MINUTE, classes: ['offers'], takenWithinMs: SOON_MS },
  {
    name: 'short outage',
    lastsMs: 40 * SECOND,
    everyMs: SECOND,
    faults: { '5xx': 1 },
    seeds: 0.3,
    takenWithinMs: SOON_MS,
  },
  { name: 'slow start', lastsMs: 90 * SECOND, everyMs: 250, seeds: 0.3, takenWithinMs: SOON_MS },
  { name: 'quick answers', lastsMs: 10 * SECOND, everyMs: 50, seeds: 0.3, takenWithinMs: SOON_MS },
  {
    name: 'no answer while mail flows',
    lastsMs: 20 * SECOND,
    everyMs: 100,
    faults: { 'hang-taken': 1 },
    seeds: 0.3,
  },
  {
    name: 'answers lost, without a look-up',
    lastsMs: 8 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { 'reset-taken': 0.25, 'lookup-down': 1 },
  },
  { name: 'questions', lastsMs: 20 * MINUTE, everyMs: MINUTE },
  {
    name: 'answers lost before a new key',
    lastsMs: 5 * MINUTE,
    everyMs: 5 * SECOND,
    faults: { 'reset-taken': 0.25 },
    renames: true,
  },
  { name: 'under a new key', lastsMs: 10 * MINUTE, everyMs: 15 * SECOND, firstAfterMs: SWITCH_MS },
  { name: 'processes killed', lastsMs: 12 * MINUTE, everyMs: 8 * SECOND, faults: { kill: 0.5 } },
  { name: 'mail of killed processes', lastsMs: 18 * MINUTE, everyMs: MINUTE },
  {
    name: 'nothing works',
    lastsMs: 40 * MINUTE,
    everyMs: MINUTE,
    faults: { 'all-down': 1, 'sqs-duplicates': 0.1, 'sqs-errors': 0.15 },
    classes: ['', 'codes', '', 'news'],
  },
  { name: 'after', lastsMs: 30 * MINUTE, everyMs: MINUTE, faults: { 'sqs-duplicates': 0.1 } },
  {
    name: 'time asked for',
    lastsMs: 6 * MINUTE,
    everyMs: 10 * SECOND,
    faults: { 'retry-after': 1 },
    takenWithinMs: SOON_MS,
  },
];

export const EXERCISE_MS = EXERCISE.reduce((sum, { lastsMs }) => sum + lastsMs, 0);

/** Faults of the platform. */
const OF_PLATFORM: ReadonlySet<string> = new Set<FaultKind>(['kill', 'all-down', 'sqs-duplicates', 'sqs-errors']);

/** Whether the exercise of a seed contains this part. */
function isIn(seed: number, { seeds = 1 }: Part): boolean {
  return new Random(seed, 'parts').chance(seeds);
}

/** The random stream that decides whether every provider of the seed has a rate. */
export function ratesOf(seed: number): Random | undefined {
  const random = new Random(seed, 'rates');
  return random.chance(0.2) ? random : undefined;
}

/** The parts of a seed with the time at which each begins. */
export function partsFrom(seed: number, from: number): readonly (Part & { readonly from: number })[] {
  let at = from;
  return EXERCISE.filter((part) => isIn(seed, part)).map((part) => {
    const begins = at;
    at += part.lastsMs;
    return { ...part, from: begins };
  });
}

/** The faults of the exercise, as {@link FaultWindow}s; `wanted` says which kinds may occur. */
export function exerciseWindows(
  seed: number,
  from: number,
  first: string,
  wanted: (kind: FaultKind) => boolean,
): FaultWindow[] {
  return partsFrom(seed, from).flatMap((part) =>
    (Object.entries(part.faults ?? {}) as [FaultKind, number][])
      .filter(([kind]) => wanted(kind))
      .map(
        ([kind, rate]): FaultWindow => ({
          kind,
          ...(!OF_PLATFORM.has(kind) && { provider: first }),
          from: part.from,
          to: part.from + part.lastsMs,
          rate,
        }),
      ),
  );
}
