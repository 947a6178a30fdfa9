import { decodeHealthEnvironment } from '../contract/health-environment.ts';
import { systemClock } from '../platform/clock.ts';
import { powertoolsLog } from '../platform/log.ts';
import { emfMetrics } from '../platform/metrics.ts';
import { managedSecrets } from '../platform/secrets.ts';
import { dynamoTable } from '../platform/table.ts';
import { providerPool } from '../providers/pool.ts';
import { definitions, loadProvider } from '../providers/registry.ts';
import { healthAsker } from './ask.ts';
import { checkHealth } from './check.ts';

const { providers, stateTable, endpoints = {}, timeScale = 1 } = decodeHealthEnvironment(process.env);
const pool = providerPool({ definitions, loadProvider }, managedSecrets, endpoints, powertoolsLog);
const ask = healthAsker(pool);
const table = dynamoTable(stateTable);
const metrics = emfMetrics();

/** Runs once a minute; what could not be learned in one run is left to the next. */
export async function handler(): Promise<void> {
  await checkHealth({ providers, ask, table, metrics, log: powertoolsLog, clock: systemClock, timeScale });
  await metrics.flush();
}
