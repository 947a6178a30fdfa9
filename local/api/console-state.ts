import type { StackClock } from '../clock.ts';
import type { DeployedAlarm } from '../cloudwatch/alarms/definition.ts';
import { readDashboard, type Widget } from '../cloudwatch/dashboard/body.ts';
import { compileGraphs, type Graphs } from '../cloudwatch/dashboard/graphs.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import { faultInForce, faultMenu, type NamedFault } from '../faults/fault-menu.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { AcceptedLog } from '../simulators/accepted-log.ts';
import type { Deployment } from '../template/deployment.ts';
import type { QueueCount, StackInfo } from './stack-info.ts';

/** What the console draws: the dashboards of the template, ready to be computed. */
export interface Drawing {
  readonly widgets: readonly Widget[];
  readonly graphs: Graphs;
  readonly alarms: readonly DeployedAlarm[];
}

/** Reads what the template says about monitoring; throws on what the console could not draw. */
export function drawingOf({ dashboards, alarms }: Deployment): Drawing {
  const widgets = dashboards.flatMap(({ name, body }) => readDashboard(name, body));
  return { widgets, graphs: compileGraphs(widgets), alarms };
}

/** Everything that the console reads; all of it may still be empty while the stack starts. */
export interface ConsoleSources {
  readonly faults: FaultBoard;
  readonly clock: StackClock;
  readonly monitoring: LocalCloudWatch;
  info(): StackInfo;
  queueCounts(): readonly QueueCount[];
  accepted(): AcceptedLog | undefined;
  drawing(): Drawing | undefined;
}

/** What stays the same while a stack runs. */
export function layoutOf({ info, drawing }: ConsoleSources) {
  const menus: Record<string, NamedFault[]> = {};
  for (const { key, type } of info().providers) menus[key] = faultMenu(type);
  const { widgets = [], alarms = [] } = drawing() ?? {};
  return {
    menus,
    widgets: widgets.map((widget) => {
      if (!('queries' in widget)) return widget;
      const { queries: _queries, ...drawn } = widget;
      return drawn;
    }),
    alarms: alarms.map(({ name, kind, properties: { AlarmDescription, AlarmActions } }) => ({
      name,
      kind,
      description: AlarmDescription,
      // An ARN; what it ends with says how urgent it is.
      tells: AlarmActions.map((arn) => String(arn).split(':').at(-1)),
    })),
  };
}

/** Newest mails of which the console lists a line each. */
const NEWEST = 50;

/** What changes, for a page that asks every second. `batch`: begin of the ids of the mails that it sent last. */
export async function stateOf(sources: ConsoleSources, batch: string | undefined) {
  const { faults, clock, monitoring, info, queueCounts, accepted } = sources;
  const { ready, providers, processes } = info();
  const time = (stack: number): string => new Date(clock.toReal(stack)).toISOString();
  const log = accepted();
  return {
    ready,
    scale: clock.scale,
    processes: processes.length,
    providers: providers.map(({ key, type, url }) => {
      const list = faults.get(key);
      const set = list.map(({ hits: _hits, ...fault }) => fault);
      const inForce = faultInForce(type, set);
      return {
        key,
        type,
        url,
        ...(inForce !== undefined && { fault: inForce, hits: list.reduce((sum, { hits }) => sum + hits, 0) }),
        ...(inForce === 'other' && { faultText: JSON.stringify(set.length === 1 ? set[0] : set) }),
      };
    }),
    queues: queueCounts().map(({ name, visible, inFlight, delayed }) => ({ name, visible, inFlight, delayed })),
    alarms: [...monitoring.statuses.values()].map(({ name, state, reason, since }) => ({
      name,
      state,
      reason,
      since: time(since),
    })),
    changes: monitoring.changes
      .slice(-20)
      .map(({ name, state, reason, since }) => ({ name, state, reason, at: time(since) })),
    accepted: {
      counts: log?.counts() ?? {},
      ...(batch !== undefined && { batch: log?.counts(batch) ?? {} }),
      newest: (await log?.newest(NEWEST)) ?? [],
    },
  };
}
