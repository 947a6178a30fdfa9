import { randomUUID } from 'node:crypto';
import type { StackClock } from '../clock.ts';
import { ACCOUNT, REGION } from '../template/names.ts';
import type { DeployedSchedule } from '../template/schedules.ts';
import type { RunningFunctions } from './running-functions.ts';

/**
 * Shortest real time between two scheduled calls, in milliseconds. The interval is limited because the deadlines of a function's
 * requests are in real time.
 */
const SHORTEST_MS = 1_000;

/**
 * Calls functions on their schedules. The first call is made immediately; further calls follow until the returned function is
 * called.
 *
 * EventBridge would start a call although the last call is still in progress. Here such a call is skipped; otherwise a stack whose
 * minutes last one second would be overloaded. Errors of a call are in the log of the function.
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

/** Returns the default event that an EventBridge rule with a schedule sends. */
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
