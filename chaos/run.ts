import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { FaultTimes } from './faults/fault-times.ts';
import type { FaultKind } from './faults/kinds.ts';
import type { FaultWindow } from './faults/plan.ts';
import { drawCanaries } from './mails/canaries.ts';
import type { Mail } from './mails/mail.ts';
import { drawQuietMails, drawScriptedMails, QUIET_MAIL_MS } from './mails/phases.ts';
import { checkPromises, type OracleReport } from './oracle/check.ts';
import { Recorder } from './oracle/recorder.ts';
import type { SenderReleases } from './releases/load.ts';
import { SCRIPTED_MS, scriptedWindows, stepsFrom } from './scripted-phase.ts';
import { runClassChecks } from './world/classes.ts';
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
  /**
   * End of the last random fault and of the random mail, in epoch milliseconds. All mail must have ended `quietMs` later: accepted,
   * dropped or dead-lettered.
   */
  readonly last: number;
  readonly quietMs: number;
  /** Returns whether a kind of fault may occur in the scripted phase. @default - the run has no scripted phase */
  readonly scriptedFaults?: ((kind: FaultKind) => boolean) | undefined;
  readonly releases: SenderReleases;
  /**
   * Whether recursive loop detection of Lambda is off.
   * @default - the setting of the deployment
   */
  readonly allowsLoops?: boolean | undefined;
  /** Is called with each event of the run as a line of text. @default - only the hash of all events is computed */
  readonly trace?: ((line: string) => void) | undefined;
}

/** Result of one run; contains only plain data, since a child process sends the result to its parent process. */
export interface RunResult {
  readonly seed: number;
  readonly hash: string;
  readonly verdict: OracleReport;
  readonly windows: readonly FaultWindow[];
  readonly hits: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly hours: number;
  /** Hours from the last random fault and the last random mail until all mail had ended. */
  readonly quietHours: number;
  readonly invocations: number;
  readonly tableWrites: number;
  readonly cpuMs: number;
}

/** Simulated time at which every run starts, in epoch milliseconds. */
export const START = Date.UTC(2027, 0, 4);
export const STACK_HOUR_MS = 3_600_000;
/**
 * First `Mail.index` of the mail of the quiet phase, of the mail of the scripted phase, and of the canaries. The random mail has
 * smaller indexes.
 */
const FIRST_QUIET = 1_000_000_000;
const FIRST_SCRIPTED = 2_000_000_000;
const FIRST_CANARY = 3_000_000_000;
/**
 * Longest time for which a run continues after the last random fault. Mail that has not ended after this time counts as stuck.
 */
const STUCK_AFTER_MS = 3 * 24 * STACK_HOUR_MS;

/**
 * Runs a simulation. Random faults and random mail come first, then the quiet phase with mail but no random faults, then the
 * scripted phase (a fixed list of steps), if the run has one. At the end all mail must have ended.
 */
export async function runWorld(
  setup: Setup,
  watch: (world: SimulatedWorld) => () => readonly string[] = () => () => [],
): Promise<RunResult> {
  const { seed, providers, mails, windows: drawn, last, quietMs, scriptedFaults, releases, allowsLoops } = setup;
  const cpu = process.cpuUsage();
  const timeline = new Timeline(START);
  const trace = new Trace(setup.trace);
  const keys = providers.map(({ key }) => key);
  const quiet = drawQuietMails({ seed, from: last, providers: keys, index: FIRST_QUIET });
  const scriptedFrom = scriptedFaults ? last + QUIET_MAIL_MS : Infinity;
  const scripted = scriptedFaults
    ? drawScriptedMails({ seed, from: scriptedFrom, providers: keys, index: FIRST_SCRIPTED })
    : [];
  const canaries = !scriptedFaults
    ? []
    : await drawCanaries({ start: START, quietFrom: last, providers: keys, index: FIRST_CANARY, key: SECRET });
  const windows = [
    ...drawn,
    ...(scriptedFaults ? scriptedWindows(seed, scriptedFrom, keys[0] as string, scriptedFaults) : []),
  ];
  const all = [...mails, ...quiet, ...scripted, ...canaries];
  const recorder = new Recorder(all, timeline, trace);
  const world = new SimulatedWorld({
    seed,
    providers,
    windows,
    timeline,
    watcher: recorder,
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
  const phasesEnd = last + QUIET_MAIL_MS + (scriptedFaults ? SCRIPTED_MS : 0);
  // The scripted phase starts with new processes: a process whose clock is wrong would otherwise affect the whole phase.
  if (scriptedFaults) timeline.at(scriptedFrom, () => world.lambda.replaceProcesses());
  if (scriptedFaults) runClassChecks(world, stepsFrom(seed, scriptedFrom));
  for (const { renames, from, durationMs } of stepsFrom(seed, scriptedFrom))
    if (scriptedFaults && renames) timeline.at(from + durationMs, () => world.rename(keys[0] as string));
  let endedAt: number | undefined;
  const isOver = () => {
    endedAt = timeline.now > phasesEnd && world.waiting === 0 ? (endedAt ?? timeline.now) : undefined;
    return recorder.runaway || (endedAt !== undefined && world.events.pending === 0);
  };
  await timeline.run(last + STUCK_AFTER_MS, isOver);
  realTime.stop();

  const tookMs = Math.max(0, (endedAt ?? timeline.now) - last);
  const kinds = new Set(drawn.map(({ kind }) => kind));
  const verdict = await checkPromises({
    seed,
    recorder,
    events: world.events,
    faultTimes: new FaultTimes(windows),
    providers: Array.from(world.providers.values(), ({ config, canBeAsked }) => ({ ...config, askable: canBeAsked })),
    start: START,
    quietFrom: last,
    scriptedFrom,
    clockErrorMs: kinds.has('clock-jump') || kinds.has('clock-skew') ? STACK_HOUR_MS / 2 : 2_000,
    mayCrash: kinds.has('kill') || kinds.has('stall'),
    maxReceiveCount: DEPLOYMENT.maxReceiveCount,
  });
  const stuck = !recorder.runaway && (tookMs > quietMs || world.waiting > 0);
  const atEnd = [
    ...(stuck ? [`stuck: ${world.waiting} messages wait after ${hours(tookMs)} h of the quiet phase`] : []),
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
    quietHours: hours(tookMs),
    invocations: world.lambda.invocations,
    tableWrites: world.table.writes,
    cpuMs: (user + system) / 1_000,
  };
}

function hours(ms: number): number {
  return Math.round(ms / 36_000) / 100;
}
