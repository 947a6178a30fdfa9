import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { EXERCISE_MS, exerciseWindows, partsFrom } from './exercise.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { FaultWindow } from './faults/plan.ts';
import { Troubles } from './faults/troubles.ts';
import { CALM_MAIL_MS, drawCalmMails, drawExerciseMails } from './mails/calm.ts';
import { drawCanaries } from './mails/canaries.ts';
import type { Mail } from './mails/mail.ts';
import { checkPromises, type OracleReport } from './oracle/check.ts';
import { Chronicle } from './oracle/chronicle.ts';
import type { SenderReleases } from './releases/load.ts';
import { judgeClasses } from './world/classes.ts';
import { Operator } from './world/operator.ts';
import { watchRealTime } from './world/real-time.ts';
import { Timeline } from './world/timeline.ts';
import { Trace } from './world/trace.ts';
import { DEPLOYMENT, SECRET, SimulatedWorld } from './world/world.ts';

/** Options of a run. */
export interface Setup {
  readonly seed: number;
  readonly providers: readonly ProviderConfig[];
  readonly mails: readonly Mail[];
  readonly windows: readonly FaultWindow[];
  /** End of the last fault and of new mail; everything has to end within `calmMs` of it. */
  readonly last: number;
  readonly calmMs: number;
  /** Kinds of faults that may occur in the exercise after the calm. @default - no exercise */
  readonly exercise?: ((kind: FaultKind) => boolean) | undefined;
  readonly releases: SenderReleases;
  /**
   * Recursive loop detection of Lambda is off.
   * @default - as deployed
   */
  readonly allowsLoops?: boolean | undefined;
  /** Gets each event as a line. @default - only the hash is kept */
  readonly trace?: ((line: string) => void) | undefined;
}

/** Result of one run; plain data, since it comes from another process. */
export interface RunResult {
  readonly seed: number;
  readonly hash: string;
  readonly verdict: OracleReport;
  readonly windows: readonly FaultWindow[];
  readonly hits: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly hours: number;
  /** Hours from the last fault and the last mail until everything had ended. */
  readonly calmHours: number;
  readonly invocations: number;
  readonly tableWrites: number;
  readonly cpuMs: number;
}

/** Start of simulated time. */
export const START = Date.UTC(2027, 0, 4);
export const STACK_HOUR_MS = 3_600_000;
/** First index of mail in calm, for any number of earlier mails. */
const FIRST_CALM = 1_000_000_000;
const FIRST_EXERCISE = 2_000_000_000;
const FIRST_CANARY = 3_000_000_000;
/** Time after which unfinished mail counts as stuck. */
const PATIENCE_MS = 3 * 24 * STACK_HOUR_MS;

/** Runs a world: faults and mail first, then calm, in which everything has to end. */
export async function runWorld(
  setup: Setup,
  watch: (world: SimulatedWorld) => () => readonly string[] = () => () => [],
): Promise<RunResult> {
  const { seed, providers, mails, windows: drawn, last, calmMs, exercise, releases, allowsLoops } = setup;
  const cpu = process.cpuUsage();
  const timeline = new Timeline(START);
  const trace = new Trace(setup.trace);
  const keys = providers.map(({ key }) => key);
  const calm = drawCalmMails({ seed, from: last, providers: keys, index: FIRST_CALM });
  const exerciseFrom = exercise ? last + CALM_MAIL_MS : Infinity;
  const exercised = exercise
    ? drawExerciseMails({ seed, from: exerciseFrom, providers: keys, index: FIRST_EXERCISE })
    : [];
  const canaries = !exercise
    ? []
    : await drawCanaries({ start: START, calmFrom: last, providers: keys, index: FIRST_CANARY, key: SECRET });
  const windows = [...drawn, ...(exercise ? exerciseWindows(seed, exerciseFrom, keys[0] as string, exercise) : [])];
  const all = [...mails, ...calm, ...exercised, ...canaries];
  const chronicle = new Chronicle(all, timeline, trace);
  const world = new SimulatedWorld({
    seed,
    providers,
    windows,
    timeline,
    chronicle,
    load: releases,
    lists: releases.lists,
    allowsLoops,
  });
  const violationsAtEnd = watch(world);
  new Operator(world, last).work(windows);
  for (const { body, attributes, objects, sendAt, class: group } of all) {
    for (const { key, content } of objects) world.objects.put(key, content);
    for (const at of sendAt) timeline.at(at, () => world.submit(body, attributes, group));
  }

  const realTime = watchRealTime();
  const calmEnd = last + CALM_MAIL_MS + (exercise ? EXERCISE_MS : 0);
  // A process with a wrong clock would affect the whole exercise.
  if (exercise) timeline.at(exerciseFrom, () => world.lambda.replaceProcesses());
  if (exercise) judgeClasses(world, partsFrom(seed, exerciseFrom));
  for (const { renames, from, lastsMs } of partsFrom(seed, exerciseFrom))
    if (exercise && renames) timeline.at(from + lastsMs, () => world.rename(keys[0] as string));
  let endedAt: number | undefined;
  const isOver = () => {
    endedAt = timeline.now > calmEnd && world.waiting === 0 ? (endedAt ?? timeline.now) : undefined;
    return chronicle.runaway || (endedAt !== undefined && world.events.pending === 0);
  };
  await timeline.run(last + PATIENCE_MS, isOver);
  realTime.stop();

  const tookMs = Math.max(0, (endedAt ?? timeline.now) - last);
  const kinds = new Set(drawn.map(({ kind }) => kind));
  const verdict = await checkPromises({
    seed,
    chronicle,
    events: world.events,
    troubles: new Troubles(windows),
    providers: Array.from(world.providers.values(), ({ config, canBeAsked }) => ({ ...config, askable: canBeAsked })),
    start: START,
    calmFrom: last,
    exerciseFrom,
    clockErrorMs: kinds.has('clock-jump') || kinds.has('clock-skew') ? STACK_HOUR_MS / 2 : 2_000,
    mayCrash: kinds.has('kill') || kinds.has('stall'),
    maxReceiveCount: DEPLOYMENT.maxReceiveCount,
  });
  const stuck = !chronicle.runaway && (tookMs > calmMs || world.waiting > 0);
  const atEnd = [
    ...(stuck ? [`stuck: ${world.waiting} messages wait after ${hours(tookMs)} h of calm`] : []),
    ...Array.from(realTime.used, (use) => `real time or chance: ${use}`),
    ...violationsAtEnd(),
  ];
  const { user, system } = process.cpuUsage(cpu);
  return {
    seed,
    hash: trace.hash,
    verdict: { ...verdict, violations: [...verdict.violations, ...atEnd] },
    windows,
    hits: Object.fromEntries(world.faults.hits),
    kills: Object.fromEntries(world.lambda.kills),
    hours: hours(timeline.now - START),
    calmHours: hours(tookMs),
    invocations: world.lambda.invocations,
    tableWrites: world.table.writes,
    cpuMs: (user + system) / 1_000,
  };
}

function hours(ms: number): number {
  return Math.round(ms / 36_000) / 100;
}
