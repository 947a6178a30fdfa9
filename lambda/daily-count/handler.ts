import { dailyCountEnvironment } from '../contract/daily-count-environment.ts';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { countSubmissions } from './count.ts';
import { recordsOf } from './records.ts';
import { reportCounts } from './report.ts';

const environment = dailyCountEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const read = recordsOf(environment.stateTable);

/** Lambda handler that runs once a day, and counts all submissions by their state. */
export async function handler(): Promise<void> {
  reportCounts(await countSubmissions(read, systemClock.now, environment), { log: powertoolsLog, metrics });
  await metrics.flush();
}
