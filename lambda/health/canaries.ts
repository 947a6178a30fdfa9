import { canaryItem, canaryKey, canarySubmission, readCanary, slotAt } from '../canary/canary.ts';
import { isIsolated } from '../circuit/isolation.ts';
import { readIsolation, switchKey } from '../circuit/items.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Queue } from '../platform/queue.ts';
import type { Item, Table } from '../platform/table.ts';

/** What canaries need of the world. */
export interface CanaryContext {
  readonly providers: readonly ProviderConfig[];
  readonly queue: Queue;
  readonly outboundQueueUrl: string;
  readonly table: Table;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Stack time runs so many times faster than the clock. */
  readonly timeScale: number;
}

/** Sends the canaries that are due, each over its own provider, and tells how long ago one has come back. Never throws. */
export async function sendCanaries(context: CanaryContext): Promise<void> {
  const providers = context.providers.filter(({ canary }) => canary !== undefined);
  if (providers.length === 0) return;
  try {
    const items = await context.table.getAll(providers.flatMap(({ key }) => [canaryKey(key), switchKey(key)]));
    await Promise.all(providers.map((provider) => tend(provider, items, context)));
  } catch (error) {
    context.log.error('canaries not sent', { error: nameOf(error) });
  }
}

async function tend(config: ProviderConfig, items: ReadonlyMap<string, Item>, context: CanaryContext): Promise<void> {
  const { metrics, clock, timeScale, log } = context;
  const { key: provider, canary } = config;
  const now = clock.now();
  // Held back by an operator: no canary gets through, and its absence is no news.
  if (canary === undefined || isIsolated(readIsolation(items.get(switchKey(provider))), now)) return;
  const { since = now, returnedAt = since } = readCanary(items.get(canaryKey(provider)));
  metrics.add('CanaryAge', (Math.max(0, now - returnedAt) * timeScale) / 1_000, { provider });
  try {
    await sendOne(config, (canary.everyMinutes * 60_000) / timeScale, items.get(canaryKey(provider)), context);
  } catch (error) {
    // One that is missed is seen by its age; the next one follows.
    log.error('canary not sent', { provider, error: nameOf(error) });
  }
}

async function sendOne(
  config: ProviderConfig,
  everyMs: number,
  item: Item | undefined,
  { queue, outboundQueueUrl, table, clock }: CanaryContext,
): Promise<void> {
  const now = clock.now();
  const slot = slotAt(now, everyMs);
  const { since = now, sentSlot } = readCanary(item);
  const submission = canarySubmission(config, slot, everyMs);
  if (submission === undefined || (sentSlot !== undefined && sentSlot >= slot)) return;
  // Written down first: of two runs at once only one sends, and what comes back is known as ours.
  const written = await table.write(canaryItem(config.key, item, { since, sentSlot: slot }), item?.rev);
  if (written.done) await queue.send(outboundQueueUrl, JSON.stringify(submission));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
