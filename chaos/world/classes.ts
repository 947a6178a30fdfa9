import { classChecker } from '../../lambda/health/classes.ts';
import type { ListItem } from '../../lambda/platform/list-table.ts';
import { hourOf } from '../../lambda/reputation/hours.ts';
import { resumeClass } from '../../lambda/reputation/paused-classes.ts';
import { EXEMPT } from '../mails/classes.ts';
import type { PhaseStep } from '../scripted-phase.ts';
import { SILENT_LOG } from './silent-log.ts';
import { SimulatedWorker } from './worker.ts';
import type { SimulatedWorld } from './world.ts';

const MINUTE_MS = 60_000;
const SPEED = { timeScale: 1 };

/**
 * Runs the code with which the health function pauses classes of mail, once a minute in the scripted phase (a fixed list of steps
 * at the end of a run). At the end of a step with a paused class, resumes the class as an operator does.
 */
export function runClassChecks(world: SimulatedWorld, steps: readonly (PhaseStep & { readonly from: number })[]): void {
  const { timeline, table } = world;
  const pausing = steps.find(({ pauses }) => pauses !== undefined);
  const [first] = steps;
  const last = steps.at(-1);
  if (!first || !last || !pausing) return;
  const worker = new SimulatedWorker('health', 'current', 0, timeline, () => undefined);
  worker.thaw(undefined);
  const answerByContent = classChecker({
    ...SPEED,
    table: table.direct(),
    lists: { list: async (pk) => table.listed(pk).map(({ text }) => JSON.parse(text) as ListItem) },
    pauseAbove: Object.fromEntries(EXEMPT.map((name) => [name, false])),
    // The bounces that a provider reports are never doubted here, since no simulated provider reports wrong bounces.
    doubt: { isDoubted: async () => false },
    metrics: { add: () => undefined },
    log: SILENT_LOG,
    clock: worker.clock,
  });
  for (let at = first.from; at < last.from + last.durationMs; at += MINUTE_MS)
    timeline.at(at, () => {
      timeline.wake();
      void answerByContent();
    });
  for (const { pauses: name, from, durationMs } of steps)
    if (name !== undefined)
      timeline.at(from + durationMs, () => {
        timeline.wake();
        const { now } = timeline;
        void resumeClass(table.direct(), name, { who: 'operator', now, hour: hourOf(now, SPEED) });
      });
}
