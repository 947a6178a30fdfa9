import { accountEnvironment } from '../contract/account-environment.ts';
import { deploymentEnvironment } from '../contract/deployment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { takeAccount } from './account.ts';
import { recordsOf } from './records.ts';
import { reportAccount } from './report.ts';

const environment = accountEnvironment.decode(process.env);
const metrics = emfMetrics(deploymentEnvironment.decode(process.env));
const read = recordsOf(environment.stateTable);

/** Runs once a day, and counts every submission by what became of it. */
export async function handler(): Promise<void> {
  reportAccount(await takeAccount(read, systemClock.now, environment), { log: powertoolsLog, metrics });
  await metrics.flush();
}
