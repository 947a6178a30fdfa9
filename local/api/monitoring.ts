import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MOST_SCALE, type StackClock } from '../clock.ts';
import type { LocalCloudWatch } from '../cloudwatch/monitoring.ts';
import { ApiError, parseBody } from './error.ts';

/** Sources of the routes about alarms and metrics. */
export interface MonitoringSources {
  readonly clock: StackClock;
  readonly monitoring: LocalCloudWatch;
}

const Time = z.strictObject({ scale: z.number().positive().max(MOST_SCALE) });

/** Routes about alarms and metrics. Times are real time, as everywhere in the API. */
export function addMonitoring(app: FastifyInstance, { clock, monitoring }: MonitoringSources): void {
  const time = (stack: number): string => new Date(clock.toReal(stack)).toISOString();
  app.get('/api/alarms', async () =>
    [...monitoring.statuses.values()].map(({ name, state, reason, since }) => ({
      name,
      state,
      reason,
      since: time(since),
    })),
  );
  app.get('/api/metrics', async () =>
    monitoring.store.list().map(({ metric: { namespace, name, dimensions }, points }) => ({
      namespace,
      name,
      dimensions,
      points: points.map(({ at, statistics: { sum, count, min, max } }) => ({ at: time(at), sum, count, min, max })),
    })),
  );
  const speed = () => ({ scale: clock.scale, stackTime: new Date(clock.now()).toISOString() });
  app.get('/api/time', async () => speed());
  app.put('/api/time', async ({ body }) => {
    const wanted = Time.safeParse(parseBody(body));
    if (!wanted.success) throw new ApiError(400, `scale must be a number above 0 and up to ${MOST_SCALE}.`);
    clock.setScale(wanted.data.scale);
    return speed();
  });
}
