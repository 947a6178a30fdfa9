import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../lambda/platform/defined.ts';
import { MOST_SCALE, type StackClock } from '../clock.ts';
import { timeInWords } from '../cloudwatch/alarms/reason.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import { ApiError, parseBody } from './error.ts';

/** Sources of the data for the routes about alarms and metrics. */
export interface MonitoringSources {
  readonly clock: StackClock;
  readonly monitoring: LocalCloudWatch;
}

const Time = z.strictObject({ scale: z.number().positive().max(MOST_SCALE) });

/**
 * Returns the states of the alarms in the form of the API. The reason of a raised alarm also states when the alarm ends by itself
 * at the earliest.
 */
export function alarmsOf({ clock, monitoring }: MonitoringSources) {
  return [...monitoring.statuses.values()].map(({ name, state, reason, since }) => {
    const endsAt = monitoring.endsAt(name);
    const time = (stack: number): string => new Date(clock.toReal(stack)).toISOString();
    if (state !== 'ALARM') return { name, state, reason, since: time(since) };
    const left = endsAt === undefined ? undefined : Math.max(0, endsAt - clock.now()) / 1000;
    const soon = left === undefined ? '' : `, in ${timeInWords(Math.ceil(left))} at the earliest`;
    const end = `It ends by itself once values stay within the limit${soon}.`;
    return {
      name,
      state,
      reason: `${reason}. ${end}`,
      since: time(since),
      ...defined({ endsAt: endsAt === undefined ? undefined : time(endsAt) }),
    };
  });
}

/**
 * Adds the routes about alarms, metrics and the time scale. Times in the answers are in real time, as in the whole API, except
 * the field `stackTime`.
 */
export function addMonitoring(app: FastifyInstance, { clock, monitoring }: MonitoringSources): void {
  const time = (stack: number): string => new Date(clock.toReal(stack)).toISOString();
  app.get('/api/alarms', async () => alarmsOf({ clock, monitoring }));
  app.get('/api/metrics', async () =>
    monitoring.store.list().map(({ metric: { namespace, name, dimensions }, points }) => ({
      namespace,
      name,
      dimensions,
      points: points.map(({ at, statistics: { sum, count, min, max } }) => ({ at: time(at), sum, count, min, max })),
    })),
  );
  const speed = () => ({
    scale: clock.scale,
    stackTime: new Date(clock.now()).toISOString(),
    since: new Date(clock.since.real).toISOString(),
  });
  app.get('/api/time', async () => speed());
  app.put('/api/time', async ({ body }) => {
    const wanted = Time.safeParse(parseBody(body));
    if (!wanted.success)
      throw new ApiError(400, `scale must be a number above 0 and up to ${MOST_SCALE}, as in { "scale": 60 }.`);
    clock.setScale(wanted.data.scale);
    return speed();
  });
}
