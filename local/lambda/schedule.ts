import { randomUUID } from 'node:crypto';
import type { StackClock } from '../clock.ts';
import { ACCOUNT, REGION } from '../template/names.ts';
import type { DeployedSchedule } from '../template/schedules.ts';
import type { RunningFunctions } from './running-functions.ts';

/**
 * Shortest real time between two scheduled invocations of a function, in milliseconds. The interval is limited because the
 * requests of a function have time-outs in real time.
 */
const SHORTEST_MS = 1_000;

/**
 * Invokes functions on their schedules. The first invocation is made immediately. Further invocations follow until the returned
 * function is called.
 *
 * EventBridge would start an invocation even if the previous invocation is still in progress. Here such an invocation is skipped.
 * Otherwise a local stack on which a minute lasts one second would be overloaded. Errors of an invocation are in the log of the
 * function.
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

/** Returns the event that a scheduled EventBridge rule sends if the rule defines no input. */
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
