import type { SQSRecord } from 'aws-lambda';
import { createGate } from '../circuit/gate.ts';
import type { DeploymentEnvironment } from '../contract/deployment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import { quietLog } from '../platform/log.ts';
import { quietMetrics } from '../platform/metrics.ts';
import type { Table } from '../platform/table.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { allowedFrom } from '../providers/from-domains.ts';
import { ownTypes } from '../providers/own/types.ts';
import { providerPool, type Registry } from '../providers/pool.ts';
import { definitionOf } from '../providers/registry.ts';
import { sendBatch } from './batch.ts';
import { providerCaller } from './call.ts';
import { createSender } from './sender.ts';
import type { SenderContext } from './work.ts';

/** A table that stores nothing. */
const TABLE: Table = {
  get: async () => undefined,
  getAll: async () => new Map(),
  write: async (item, expected) => ({ done: true, item: { ...item, rev: (expected ?? 0) + 1 } }),
};

/** URL with a port on which no process listens. This machine refuses every connection to the port, so nothing is sent. */
const NO_SERVER = 'https://127.0.0.1:1';

/** Longest time for processing the sample mail, in milliseconds. */
const MOST_MS = 2_000;

/**
 * Processes a sample mail with the code of the sender and of one provider. The table with submissions and circuit breakers, the
 * queues, the log and the metrics are replaced by objects without effects, and the call to the provider reaches no server. For a
 * provider type from outside this repository, the call to the provider is left out. If a suppression list is configured, the list
 * is really read: this loads the secret and opens the connection that the first mail needs.
 *
 * V8, the JavaScript engine of Node, compiles a function when the function is called for the first time. The sample mail is
 * processed while the process starts, since Lambda gives the process more CPU during the start. This saves time for the first
 * real mail. A failure of the sample mail is ignored.
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
  const pool = providerPool(registry, { read: async () => secret }, { [key]: NO_SERVER }, { ...deployment, ...quiet });
  const call = providerCaller(pool);
  const send = createSender({
    ...context,
    ...quiet,
    environment,
    table: TABLE,
    queue: { send: async () => undefined },
    gate: createGate({ ...environment, ...context, ...quiet, providers, table: TABLE }),
    // The sample mail counts as accepted, so that the code that runs after an acceptance is compiled too.
    call: async (...attempt) => {
      // A provider type from outside this repository might ignore the given address and really send the sample mail.
      if (!Object.hasOwn(ownTypes, type)) await call(...attempt);
      return { outcome: { kind: 'accepted', providerMessageId: 'sample' } };
    },
    classes: undefined,
  });
  const [domain = 'example.com'] = allowedFrom(provider) ?? [];
  const record = sampleOf(domain.includes('@') ? domain : `a@${domain}`, environment.outboundQueueArn);
  const batch = sendBatch([record], () => 60_000, { send, clock: context.clock, log: quiet.log });
  await withTimeout(MOST_MS, batch.then(quiet.metrics.flush)).catch(() => undefined);
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
