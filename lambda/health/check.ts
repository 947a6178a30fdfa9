import type { Circuit } from '../circuit/circuit.ts';
import { isIsolated } from '../circuit/isolation.ts';
import { circuitKey, readCircuitItem, readIsolation, switchKey } from '../circuit/items.ts';
import { CIRCUIT_STATE } from '../contract/metrics.ts';
import { errorName } from '../platform/error-name.ts';
import { stackAge } from '../platform/stack-time.ts';
import type { Item } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { Health } from '../providers/provider.ts';
import { type CheckContext, TABLE_MS } from './context.ts';
import { credentialsKey, credentialUse } from './credentials.ts';
import { gaugeTallies } from './tallies.ts';

/** Items of the state table by key; undefined if the table did not answer. */
type Items = ReadonlyMap<string, Item> | undefined;

/** Checks all providers in parallel and writes the metrics of this minute. Never throws. */
export async function checkHealth(context: CheckContext): Promise<void> {
  const { providers, ask } = context;
  const gauged = gaugeTallies(context);
  const [items, ...healths] = await Promise.all([readItems(context), ...providers.map(ask)]);
  if (items) gaugeIsolations(context, items);
  const capacity = context.gaugeCapacity(healths);
  await Promise.all(
    providers.map(async (provider, place) => {
      const health = healths[place];
      if (!health) return;
      gaugeAccount(context, provider.key, health, refusedAttempts(context, provider.key, items));
      if (items) await gaugeState(context, provider.key, health, items);
    }),
  );
  await Promise.all([gauged, capacity]);
}

async function readItems({ providers, table, log, clock }: CheckContext): Promise<Items> {
  try {
    const keys = providers.flatMap(({ key }) => [circuitKey(key), switchKey(key), credentialsKey(key)]);
    return await withTimeout(TABLE_MS, table.getAll(keys), clock);
  } catch (error) {
    log.error('state not readable', { error: errorName(error) });
    return undefined;
  }
}

/**
 * Whether the provider refused an attempt because of our account, and has accepted no attempt since. Some refusals appear only in
 * answers to attempts, and not in health checks. A refusal no longer counts if the circuit breaker has allowed an attempt for
 * longer than `STALE_MS`, but no attempt was made.
 */
function refusedAttempts(context: CheckContext, provider: string, items: Items): boolean {
  const { circuit } = readCircuitItem(items?.get(circuitKey(provider)));
  if (circuit.kind === 'closed' || circuit.cause.blames !== 'account') return false;
  const triableAt = circuit.kind === 'open' ? circuit.until : (circuit.probe?.until ?? circuit.at ?? circuit.since);
  return !isStale(triableAt, context);
}

function gaugeAccount({ metrics, log }: CheckContext, provider: string, health: Health, refused: boolean): void {
  const { state, reason, detail, quotaHeadroom, underReview } = health;
  if (refused && state !== 'account-refused') metrics.add('AccountHealthy', 0, { provider });
  switch (state) {
    case 'healthy':
      metrics.add('AccountHealthy', 1, { provider });
      if (reason) log.warn('account healthy', { provider, reason, detail });
      break;
    case 'account-refused':
      metrics.add('AccountHealthy', 0, { provider });
      log.warn('account refused', { provider, reason, detail });
      break;
    case 'unreachable':
      // No value of the metric AccountHealthy is written: an outage must not look like a refused account. An alarm checks that the other gauges
      // are written.
      log.warn('account not known', { provider, reason, detail });
      break;
  }
  if (quotaHeadroom !== undefined) metrics.add('QuotaHeadroom', quotaHeadroom, { provider });
  if (underReview !== undefined) metrics.add('UnderReview', Number(underReview), { provider });
}

function gaugeIsolations({ providers, metrics, clock }: CheckContext, items: ReadonlyMap<string, Item>): void {
  const on = providers.filter(({ key }) => isIsolated(readIsolation(items.get(switchKey(key))), clock.now()));
  metrics.add('OperatorSwitch', on.length);
}

async function gaugeState(
  context: CheckContext,
  provider: string,
  health: Health,
  items: ReadonlyMap<string, Item>,
): Promise<void> {
  const { table, metrics, log, clock } = context;
  const now = clock.now();
  const record = readCircuitItem(items.get(circuitKey(provider)));
  const isolated = isIsolated(readIsolation(items.get(switchKey(provider))), now);
  const state = isolated ? 'isolated' : stateOf(record.circuit, context);
  metrics.add('CircuitState', CIRCUIT_STATE[state], { provider });
  const { lastGood, write } = credentialUse(provider, health, items.get(credentialsKey(provider)), record, now);
  metrics.add('CredentialAge', stackAge(lastGood, now, context) / 1_000, { provider });
  if (!write) return;
  // A conflicting write of another run has nearly the same content, so this write is not repeated.
  await withTimeout(TABLE_MS, table.write(write.item, write.expected), clock).catch((error: unknown) => {
    log.error('state not written', { provider, error: errorName(error) });
  });
}

/**
 * Time in milliseconds of stack time. If an open circuit breaker has admitted a probe for longer than this time, but there was no
 * mail for a probe, the circuit is reported as half-open. Otherwise the circuit of a rarely used provider would be reported as
 * open forever.
 */
const STALE_MS = 15 * 60_000;

function stateOf(circuit: Circuit, context: CheckContext): keyof typeof CIRCUIT_STATE {
  if (circuit.kind !== 'open') return circuit.kind === 'half-open' ? 'halfOpen' : 'closed';
  return isStale(circuit.until, context) ? 'halfOpen' : 'open';
}

function isStale(triableAt: number, context: CheckContext): boolean {
  return stackAge(triableAt, context.clock.now(), context) > STALE_MS;
}
