import { randomUUID } from 'node:crypto';
import type { StackClock } from '../clock.ts';
import type { EachResource } from '../http-api/deployed.ts';
import { ACCOUNT, REGION } from '../template/names.ts';
import type { RunningFunctions } from './running-functions.ts';

/** A schedule of the template with one function that it calls. */
export interface DeployedSchedule {
  readonly name: string;
  readonly functionName: string;
  /** Stack time between two calls. */
  readonly everyMs: number;
  /** Event of its own that the target is given instead of the usual one. */
  readonly input?: unknown;
}

type Properties = Readonly<Record<string, unknown>>;

/** The enabled schedules of EventBridge, rules and EventBridge Scheduler alike. Fails on one that is no `rate(…)`. */
export function readSchedules(each: EachResource): DeployedSchedule[] {
  const rules = each('AWS::Events::Rule', (properties, name) => schedulesOf(properties, name, properties['Targets']));
  const schedules = each('AWS::Scheduler::Schedule', (properties, name) =>
    schedulesOf(properties, name, [properties['Target']]),
  );
  return [...rules, ...schedules].flat();
}

function schedulesOf(properties: Properties, name: string, targets: unknown): DeployedSchedule[] {
  const expression = properties['ScheduleExpression'];
  if (expression === undefined || properties['State'] === 'DISABLED') return [];
  return ((targets ?? []) as readonly Properties[])
    .filter(({ Arn }) => String(Arn).startsWith('arn:aws:lambda:'))
    .map(({ Arn, Input }) => ({
      name,
      functionName: String(Arn).split(':').at(6) ?? '',
      everyMs: rateMs(String(expression)),
      ...(Input !== undefined && { input: JSON.parse(String(Input)) as unknown }),
    }));
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function rateMs(expression: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit];
  if (count === undefined || unitMs === undefined)
    throw new Error(`the local stack runs schedules of the form rate(5 minutes), not ${expression}`);
  return Number(count) * unitMs;
}

/** The deadlines of what a function asks are real, so a scaled minute must leave it time. */
const SHORTEST_MS = 1_000;

/**
 * Calls functions on their schedules: at once, and then again and again until the returned function is called.
 *
 * EventBridge would begin a call while the last one still runs; here that call is left out, so that a stack whose
 * minutes last a second does not drown in them. What a call throws is in the log of the function.
 */
export function runSchedules(options: {
  readonly schedules: readonly DeployedSchedule[];
  readonly clock: StackClock;
  readonly invoke: RunningFunctions['invoke'];
}): () => void {
  const { clock } = options;
  const calls = options.schedules.map((schedule) => {
    let busy = false;
    const call = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      await options.invoke(schedule.functionName, schedule.input ?? scheduledEvent(schedule.name)).catch(() => {});
      busy = false;
    };
    void call();
    return { call, everyMs: schedule.everyMs };
  });
  let timers: NodeJS.Timeout[] = [];
  const end = () => {
    for (const timer of timers) clearInterval(timer);
  };
  const begin = () => {
    end();
    timers = calls.map(({ call, everyMs }) =>
      setInterval(() => void call(), Math.max(SHORTEST_MS, everyMs / clock.scale)),
    );
  };
  begin();
  clock.onChange(() => timers.length > 0 && begin());
  return end;
}

/** The event that EventBridge makes for a rule with a schedule. */
function scheduledEvent(rule: string) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: REGION,
    resources: [`arn:aws:events:${REGION}:${ACCOUNT}:rule/${rule}`],
    detail: {},
  };
}
