import { defined } from '../../lambda/platform/defined.ts';
import type { EachResource, Properties } from './resources.ts';

/** A schedule of the template, with the name of one function that the schedule invokes. */
export interface DeployedSchedule {
  readonly name: string;
  readonly functionName: string;
  /** Interval between two invocations, in milliseconds by the clock of the local stack (which may run faster than real time). */
  readonly everyMs: number;
  /** Input with which the schedule invokes the function; absent if the function gets the default event. */
  readonly input?: unknown;
}

/**
 * Reads the enabled schedules of EventBridge rules and of EventBridge Scheduler. Throws on a schedule that is not of the form
 * `rate(…)`. Leaves out targets that are not Lambda functions.
 */
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
      ...defined({ input: Input === undefined ? undefined : (JSON.parse(String(Input)) as unknown) }),
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
