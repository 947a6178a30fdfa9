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
import { PROOF_ATTRIBUTE, RETRY_ATTRIBUTE } from '../contract/dead-letter.ts';
import type { InboundCanary } from '../contract/health-environment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import { defined } from '../platform/defined.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Proofs } from '../platform/proof.ts';
import type { Queue } from '../platform/queue.ts';
import { stackAge } from '../platform/stack-time.ts';
import type { Item, Table } from '../platform/table.ts';

/** Dependencies of sending canaries. */
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
  /** Number of seconds of stack time in one second of the real clock. It differs from 1 only on a local stack. */
  readonly timeScale: number;
  /** When `timeScale` took effect, in epoch milliseconds; absent if it always applied. */
  readonly timeScaleSince?: number | undefined;
}

/**
 * Sends the canaries that are due, and writes the age of the newest returned canary of each provider as a metric. Never throws.
 */
export async function sendCanaries(context: CanaryContext): Promise<void> {
  const ways = waysOf(context);
  if (ways.length === 0) return;
  try {
    const keys = ways.flatMap((way) => [canaryKey(way), switchKey(way.provider)]);
    const items = await context.table.getAll([...new Set(keys)]);
    await Promise.all(ways.map((way) => checkAndSend(way, items, context)));
  } catch (error) {
    context.log.error('canaries not sent', { error: errorName(error) });
  }
}

function waysOf({ providers, inboundCanaries }: CanaryContext): Canaries[] {
  return [
    ...providers.flatMap(({ key: provider, canary: config, classes: [first] = [] }): Canaries[] =>
      config ? [{ way: 'out', provider, config, ...defined({ class: first }) }] : [],
    ),
    ...inboundCanaries.map(({ key: provider, canary: config }): Canaries => ({ way: 'in', provider, config })),
  ];
}

async function checkAndSend(way: Canaries, items: ReadonlyMap<string, Item>, context: CanaryContext): Promise<void> {
  const { metrics, clock, timeScale, table, log } = context;
  const { provider, config } = way;
  const now = clock.now();
  const item = items.get(canaryKey(way));
  try {
    // No canary is sent through a provider that an operator has isolated; the time of its isolation does not count towards
    // the age of its canaries.
    if (way.way === 'out' && isIsolated(readIsolation(items.get(switchKey(provider))), now)) {
      if (item) await table.write(canaryItem(way, item, { since: now }), item.rev);
      return;
    }
    const { since = now, newestBack = 0 } = readCanary(item);
    const age = stackAge(Math.max(since, newestBack), now, context);
    metrics.add(way.way === 'out' ? 'CanaryAge' : 'MxCanaryAge', age / 1_000, { provider });
    await sendOne(way, (config.everyMinutes * 60_000) / timeScale, item, context);
  } catch (error) {
    // A canary that was not sent cannot return, so the age of the newest returned canary grows; the next canary is sent as
    // usual.
    log.error('canary not sent', { provider, error: errorName(error) });
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
    // The first canary is sent one interval after the first run. At that time a deployment is complete. A person who tries out a
    // local stack sees no canary in the first minutes.
    await table.write(canaryItem(way, item, { since: now }), item?.rev);
    return;
  }
  const dueAt = lastDue(now, since, everyMs);
  if (dueAt === undefined || sentAt >= dueAt) return;
  // The canary is recorded before it is sent. Therefore only one of two simultaneous runs sends the canary, and the canary
  // is recognised when it returns.
  const change = { sentAt: now, secret, to: way.config.to };
  const written = await table.write(canaryItem(way, item, change), item?.rev);
  if (!written.done) return;
  const body = JSON.stringify(canarySubmission(way, tokenOf(way, now, secret), dueAt + everyMs));
  const attributes = await proofs.prove(body, { [RETRY_ATTRIBUTE.submissionId]: canaryId(way, dueAt) });
  // Without a proof (an HMAC), the canary would be treated as mail that an application submitted.
  if (attributes[PROOF_ATTRIBUTE.proof] === undefined) throw new Error('the key of the proofs cannot be read');
  await queue.send(outboundQueueUrl, body, attributes, undefined, 'canaries');
}
