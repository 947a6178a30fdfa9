import { rescaleCircuits } from '../api/circuits.ts';
import { deliveriesIn } from '../api/deliveries.ts';
import { startDynamodb, tableOf } from '../aws/dynamodb.ts';
import type { AwsServer } from '../aws/server.ts';
import { PORTS } from '../network/ports.ts';
import { accountsOf } from '../simulators/accounts.ts';
import type { Deployment } from '../template/deployed.ts';
import { senderOf } from '../template/find-function.ts';
import type { Start } from './start.ts';

/**
 * Starts a local DynamoDB server with the tables of the template. Returns its URL, or undefined if the template has no table.
 * After each change of the time scale, the times in the records of the circuit breakers are rescaled.
 */
export async function startTables(
  { base, own, clock, faults, live, closers }: Start,
  aws: AwsServer,
  deployment: Deployment,
): Promise<string | undefined> {
  if (deployment.tables.length === 0) return undefined;
  live.dynamodb = await startDynamodb({ port: base + PORTS.dynamodb, tables: deployment.tables, faults, own });
  closers.push(live.dynamodb.close);
  const { environment } = senderOf(deployment);
  const state = tableOf(live.dynamodb.url, environment.stateTable);
  live.state = state;
  live.deliveries = deliveriesIn(live.dynamodb.url, environment, aws.secrets);
  const keys = accountsOf(deployment).map(({ config }) => config.key);
  let before = clock.scale;
  clock.onChange((scale) => {
    void rescaleCircuits(state, keys, scale / before).catch(() => {});
    before = scale;
  });
  return live.dynamodb.url;
}
