import { defined } from '../../lambda/platform/defined.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import type { StackClock } from '../clock.ts';
import { readDashboard, type Widget } from '../cloudwatch/dashboard/body.ts';
import { compileGraphs, type Graphs } from '../cloudwatch/dashboard/graphs.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import type { FaultBoard } from '../faults/faults.ts';
import type { AcceptedLog } from '../simulators/accepted-log.ts';
import { faultInForce, faultMenu, type NamedFault } from '../simulators/fault-menu.ts';
import type { DeployedAlarm } from '../template/alarms.ts';
import type { Deployment } from '../template/deployed.ts';
import { alarmsOf } from './monitoring.ts';
import type { QueueCount, StackInfo } from './stack-info.ts';

/** The dashboards and alarms of the template, in the parsed form that the console page uses. */
export interface Drawing {
  readonly widgets: readonly Widget[];
  readonly graphs: Graphs;
  readonly alarms: readonly DeployedAlarm[];
  /** Stage that a deployment of the same app to AWS would have; absent if the template has no output `DeployedStage`. */
  readonly deployedStage?: string | undefined;
}

/** Parses the dashboards and alarms of the template. Throws on a widget or metric that the console page cannot draw. */
export function drawingOf({ dashboards, alarms, outputs }: Deployment): Drawing {
  const widgets = dashboards.flatMap(({ name, body }) => readDashboard(name, body));
  return { widgets, graphs: compileGraphs(widgets), alarms, deployedStage: outputs['DeployedStage'] };
}

/** Sources of the data that the console page shows. While the stack starts, the sources may be empty. */
export interface ConsoleSources {
  readonly faults: FaultBoard;
  readonly clock: StackClock;
  readonly monitoring: LocalCloudWatch;
  info(): StackInfo;
  queueCounts(): readonly QueueCount[];
  accepted(): AcceptedLog | undefined;
  drawing(): Drawing | undefined;
}

/** Returns the data of the console page that do not change while a stack runs. */
export function layoutOf({ info, drawing }: ConsoleSources) {
  const menus: Record<string, NamedFault[]> = {};
  for (const { key, type } of info().providers) menus[key] = faultMenu(type);
  const { widgets = [], alarms = [], deployedStage } = drawing() ?? {};
  return {
    deployedStage,
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
      // The last part of a topic's ARN is the topic's name. The name shows whether the alarm notifies the topic for pages (urgent
      // alarms) or the topic for tickets.
      topics: AlarmActions.map((arn) => String(arn).split(':').at(-1)),
    })),
  };
}

/**
 * Largest age of a mail that counts as recently accepted, in milliseconds by the clock of the local stack (which may run faster
 * than real time).
 */
const RECENT_MS = 300_000;

/**
 * Returns the data of the console page that change. The page reads them every second. `batch` is the prefix of the ids of the
 * mails in the page's last batch.
 */
export function consoleState(sources: ConsoleSources, batch: string | undefined) {
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
        title: definitionOf(type).title,
        url,
        ...(inForce !== undefined && { fault: inForce, hits: list.reduce((sum, { hits }) => sum + hits, 0) }),
        ...(inForce === 'other' && { faultText: JSON.stringify(set.length === 1 ? set[0] : set) }),
      };
    }),
    queues: queueCounts().map(({ name, visible, inFlight, delayed }) => ({ name, visible, inFlight, delayed })),
    alarms: alarmsOf({ clock, monitoring }),
    changes: monitoring.changes
      .slice(-20)
      .map(({ name, state, reason, since }) => ({ name, state, reason, at: time(since) })),
    accepted: {
      counts: log?.counts() ?? {},
      ...defined({ batch: batch === undefined ? undefined : (log?.counts(batch) ?? {}) }),
      recent: log?.countSince(clock.toReal(clock.now() - RECENT_MS)) ?? 0,
    },
  };
}
