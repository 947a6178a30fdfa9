import type { SQSRecord } from 'aws-lambda';
import { ownTypes } from '#own-types';
import { createGate } from '../circuit/gate.ts';
import type { DeploymentEnvironment } from '../contract/deployment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { quietLog } from '../platform/log.ts';
import { quietMetrics } from '../platform/metrics.ts';
import type { Table } from '../platform/table.ts';
import { within } from '../platform/within.ts';
import { allowedFrom } from '../providers/from-domains.ts';
import { providerPool, type Registry } from '../providers/pool.ts';
import { definitionOf } from '../providers/registry.ts';
import { sendBatch } from './batch.ts';
import { providerCaller } from './call.ts';
import { createSender } from './sender.ts';
import type { SenderContext } from './work.ts';

/** A table that keeps nothing. */
const TABLE: Table = {
  get: async () => undefined,
  getAll: async () => new Map(),
  write: async (item, expected) => ({ done: true, item: { ...item, rev: (expected ?? 0) + 1 } }),
};

/** A port where nothing listens: every call to it is refused by the own machine, before anything is sent. */
const NOWHERE = 'https://127.0.0.1:1';

/** Longest time of a rehearsal, in milliseconds. */
const MOST_MS = 2_000;

/**
 * Processes a sample mail with the code of the sender and of one provider; the table of submissions and circuits, the queues, the
 * log and the metrics are replaced, and the provider's call reaches no server. A provider type that you wrote yourself is
 * rehearsed without its call. The lists of suppressed addresses are really read, where there are any: the first mail needs their
 * secret and their connection.
 *
 * V8 compiles a function at its first call. A rehearsal while the process starts, when Lambda grants more CPU, spares the
 * first mail that time. A failure of the sample mail is ignored.
 */
export async function rehearse(
  provider: ProviderConfig,
  registry: Registry,
  context: SenderContext,
  deployment: DeploymentEnvironment,
): Promise<void> {
  const { key, type, options } = provider;
  const providers = [{ key, type, options }];
  const quiet = { log: quietLog(), metrics: quietMetrics(deployment) };
  const environment = { ...context.environment, providers, routes: [] };
  const secret = Object.fromEntries(definitionOf(type).secretFields.map((name) => [name, 'sample']));
  const pool = providerPool(registry, { read: async () => secret }, { [key]: NOWHERE }, { ...deployment, ...quiet });
  const call = providerCaller(pool);
  const send = createSender({
    ...context,
    ...quiet,
    environment,
    table: TABLE,
    queue: { send: async () => undefined },
    gate: createGate({ ...environment, ...context, ...quiet, providers, table: TABLE }),
    // What follows an acceptance is rehearsed, not what follows a failure.
    call: async (...attempt) => {
      // Code from outside of this repository might not use the address that it is given, and send the sample.
      if (!Object.hasOwn(ownTypes, type)) await call(...attempt);
      return { outcome: { kind: 'accepted', providerMessageId: 'sample' } };
    },
    classes: undefined,
  });
  const [domain = 'example.com'] = allowedFrom(provider) ?? [];
  const record = sampleOf(domain.includes('@') ? domain : `a@${domain}`, environment.outboundQueueArn);
  const batch = sendBatch([record], () => 60_000, { send, clock: context.clock, log: quiet.log });
  await within(MOST_MS, batch.then(quiet.metrics.flush)).catch(() => undefined);
}

function sampleOf(from: string, eventSourceARN: string): SQSRecord {
  const now = String(Date.now());
  const text = 'A sample with a line that is longer than seventy-six characters, and an ü that is not ASCII.\n';
  const submission = {
    version: 1,
    id: 'sample',
    from,
    to: ['b@example.com'],
    subject: 'ü',
    text,
    html: `<p a="b">${text}`,
  };
  return {
    messageId: 'sample',
    receiptHandle: 'sample',
    body: JSON.stringify(submission),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: now,
      SenderId: 'sample',
      ApproximateFirstReceiveTimestamp: now,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: '',
  };
}
