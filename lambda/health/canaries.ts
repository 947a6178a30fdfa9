import {
  type Canaries,
  canaryId,
  canaryItem,
  canaryKey,
  canarySubmission,
  lastDue,
  newSecret,
  readCanary,
  tokenOf,
} from '../canary/canary.ts';
import { isIsolated } from '../circuit/isolation.ts';
import { readIsolation, switchKey } from '../circuit/items.ts';
import { LETTER_ATTRIBUTE, RETRY_ATTRIBUTE } from '../contract/dead-letter.ts';
import type { InboundCanary } from '../contract/health-environment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Proofs } from '../platform/proof.ts';
import type { Queue } from '../platform/queue.ts';
import { stackAge } from '../platform/stack-time.ts';
import type { Item, Table } from '../platform/table.ts';

/** What canaries need of the world. */
export interface CanaryContext {
  readonly providers: readonly ProviderConfig[];
  readonly inboundCanaries: readonly InboundCanary[];
  readonly queue: Queue;
  readonly outboundQueueUrl: string;
  readonly proofs: Proofs;
  readonly table: Table;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Stack time runs so many times faster than the clock. */
  readonly timeScale: number;
  /** Since when; absent if it always did. */
  readonly timeScaleSince?: number;
}

/** Sends the canaries that are due, each to prove one way, and tells how long ago the newest that came back was sent. Never throws. */
export async function sendCanaries(context: CanaryContext): Promise<void> {
  const ways = waysOf(context);
  if (ways.length === 0) return;
  try {
    const keys = ways.flatMap((way) => [canaryKey(way), switchKey(way.provider)]);
    const items = await context.table.getAll([...new Set(keys)]);
    await Promise.all(ways.map((way) => tend(way, items, context)));
  } catch (error) {
    context.log.error('canaries not sent', { error: nameOf(error) });
  }
}

function waysOf({ providers, inboundCanaries }: CanaryContext): Canaries[] {
  return [
    ...providers.flatMap(({ key: provider, canary: config, classes: [first] = [] }): Canaries[] =>
      config ? [{ way: 'out', provider, config, ...(first !== undefined && { class: first }) }] : [],
    ),
    ...inboundCanaries.map(({ key: provider, canary: config }): Canaries => ({ way: 'in', provider, config })),
  ];
}

async function tend(way: Canaries, items: ReadonlyMap<string, Item>, context: CanaryContext): Promise<void> {
  const { metrics, clock, timeScale, table, log } = context;
  const { provider, config } = way;
  const now = clock.now();
  const item = items.get(canaryKey(way));
  try {
    // Held back by an operator: no canary gets through, its absence is no news, and the time of it does not count.
    if (way.way === 'out' && isIsolated(readIsolation(items.get(switchKey(provider))), now)) {
      if (item) await table.write(canaryItem(way, item, { since: now }), item.rev);
      return;
    }
    const { since = now, newestBack = 0 } = readCanary(item);
    const age = stackAge(Math.max(since, newestBack), now, context);
    metrics.add(way.way === 'out' ? 'CanaryAge' : 'MxCanaryAge', age / 1_000, { provider });
    await sendOne(way, (config.everyMinutes * 60_000) / timeScale, item, context);
  } catch (error) {
    // One that is missed is seen by its age; the next one follows.
    log.error('canary not sent', { provider, error: nameOf(error) });
  }
}

async function sendOne(
  way: Canaries,
  everyMs: number,
  item: Item | undefined,
  { queue, outboundQueueUrl, proofs, table, clock }: CanaryContext,
): Promise<void> {
  const now = clock.now();
  const { since, sentAt = 0, secret = newSecret() } = readCanary(item);
  if (since === undefined) {
    // The first one waits for a slot: a stack that has just begun is left to its user, and a deployment to its first minutes.
    await table.write(canaryItem(way, item, { since: now }), item?.rev);
    return;
  }
  const dueAt = lastDue(now, since, everyMs);
  if (dueAt === undefined || sentAt >= dueAt) return;
  // Written down first: of two runs at once only one sends, and what comes back is known as ours.
  const change = { sentAt: now, secret, to: way.config.to };
  const written = await table.write(canaryItem(way, item, change), item?.rev);
  if (!written.done) return;
  const body = JSON.stringify(canarySubmission(way, tokenOf(way, now, secret), dueAt + everyMs));
  const attributes = await proofs.prove(body, { [RETRY_ATTRIBUTE.submissionId]: canaryId(way, dueAt) });
  // Without it the sender would take it for the mail of a producer.
  if (attributes[LETTER_ATTRIBUTE.proof] === undefined) throw new Error('the key of the proofs cannot be read');
  await queue.send(outboundQueueUrl, body, attributes);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
