import { classChecker } from '../../lambda/health/classes.ts';
import type { ListItem } from '../../lambda/platform/list-table.ts';
import { hourOf } from '../../lambda/reputation/hours.ts';
import { resumeClass } from '../../lambda/reputation/paused-classes.ts';
import type { Part } from '../exercise.ts';
import { EXEMPT } from '../mails/classes.ts';
import { SILENT_LOG } from './silent-log.ts';
import { SimulatedWorker } from './worker.ts';
import type { SimulatedWorld } from './world.ts';

const MINUTE_MS = 60_000;
const SPEED = { timeScale: 1 };

/**
 * Judges the classes in the exercise as the health function does, with its code, once a minute, and releases each paused
 * class at the end of its part, as an operator does.
 */
export function judgeClasses(world: SimulatedWorld, parts: readonly (Part & { readonly from: number })[]): void {
  const { timeline, table } = world;
  const pausing = parts.find(({ pauses }) => pauses !== undefined);
  const [first] = parts;
  const last = parts.at(-1);
  if (!first || !last || !pausing) return;
  const worker = new SimulatedWorker('health', 'current', 0, timeline, () => undefined);
  worker.thaw(undefined);
  const judge = classChecker({
    ...SPEED,
    table: table.direct(),
    lists: { list: async (pk) => table.listed(pk).map(({ text }) => JSON.parse(text) as ListItem) },
    pauseAbove: Object.fromEntries(EXEMPT.map((name) => [name, false])),
    // No provider of the world reports wrong bounces.
    doubt: { isDoubted: async () => false },
    metrics: { add: () => undefined },
    log: SILENT_LOG,
    clock: worker.clock,
  });
  for (let at = first.from; at < last.from + last.lastsMs; at += MINUTE_MS)
    timeline.at(at, () => {
      timeline.wake();
      void judge();
    });
  for (const { pauses: name, from, lastsMs } of parts)
    if (name !== undefined)
      timeline.at(from + lastsMs, () => {
        timeline.wake();
        const { now } = timeline;
        void resumeClass(table.direct(), name, { who: 'operator', now, hour: hourOf(now, SPEED) });
      });
}
