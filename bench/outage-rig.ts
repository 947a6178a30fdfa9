import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { SQSRecord } from 'aws-lambda';
import type { ProviderConfig } from '../lambda/contract/providers.ts';
import { composeMime } from '../lambda/mail/mime.ts';
import type { Log } from '../lambda/platform/log.ts';
import { providerPool } from '../lambda/providers/pool.ts';
import { definitions, loadProvider } from '../lambda/providers/registry.ts';
import { type CallProvider, providerCaller, providerLookUp } from '../lambda/sender/call.ts';
import { intake } from '../lambda/sender/intake.ts';
import { immediateTable } from './immediate-table.ts';
import { type AcceptedMails, OUTAGE_PROVIDERS, SECRETS, type Up } from './outage-providers.ts';
import { record, retried } from './record.ts';
import { createWorker, NO_OBJECTS } from './worker.ts';

/** Deadline for an attempt at a provider, in milliseconds: the default of the product. */
export const DEADLINE_MS = 10_000;
/** Number of messages in a batch from SQS, which one sender process handles concurrently. */
export const BATCH = 10;
export const LIMIT_MS = 120_000;

export const OUTAGE_FAULTS = {
  'answers 500': { respond: { status: 500, body: '{"ErrorCode":500,"Message":"oops"}' } },
  'answers 429': { respond: { status: 429, body: '{"ErrorCode":429,"Message":"slow down"}' } },
  'refuses connections': { network: 'refuse' },
  hangs: { network: 'hang' },
} as const;

/** Sends one mail. Resolves when a provider has accepted the mail, or when the mail waits for another try. */
export type SendOne = (record: SQSRecord) => Promise<void>;

/** Two simulated providers in a separate process, and functions that create senders and set faults. */
export interface OutageRig {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly call: CallProvider;
  /** Number of failed attempts at the first provider. */
  wasted: number;
  /** Creates a new sender with the code of the product. The messages that wait for another try are added to `kept`. */
  worker(kept: SQSRecord[]): SendOne;
  /** Sets the faults of the first provider. */
  fault(fault: unknown): Promise<void>;
  /** Returns how many mails were accepted, and how many were accepted twice, since the last fault was set. */
  taken(): Promise<AcceptedMails>;
  close(): Promise<void>;
}

/** Starts the simulated providers. Before the measurement, opens the sockets and loads the SDKs that all senders share. */
export async function startOutageRig(): Promise<OutageRig> {
  const child = fork(new URL('./outage-providers.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ endpoints }] = (await once(child, 'message')) as [Up];
  const log: Log = { info: () => {}, warn: () => {}, error: (message) => process.stderr.write(`bench: ${message}\n`) };
  const secrets = { read: async (name: string) => SECRETS[name.replace('bench/', '')] ?? {} };
  const pool = providerPool({ definitions, loadProvider }, secrets, endpoints, {
    name: 'bench',
    log,
    metrics: { add: () => undefined },
  });
  const caller = providerCaller(pool);
  const rig: OutageRig = {
    endpoints,
    wasted: 0,
    call: async (provider: ProviderConfig, attempt) => {
      const result = await caller(provider, attempt);
      if (provider.key === 'first' && 'outcome' in result && result.outcome.kind !== 'accepted') rig.wasted += 1;
      return result;
    },
    // The state table is in memory, since this benchmark does not measure the time of DynamoDB.
    worker: (kept) => {
      const send = createWorker({
        table: immediateTable(),
        log,
        call: rig.call,
        lookUp: providerLookUp(pool),
        queue: { send: async (_queue, body, attributes = {}) => void kept.push(retried(body, attributes)) },
      });
      return (one) => send(one, () => LIMIT_MS);
    },
    fault: async (fault) => void (await ask(child, { fault })),
    taken: async () => (await ask(child, {})) as AcceptedMails,
    close: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
  await inBatches(BATCH, chain(rig));
  await rig.fault(OUTAGE_FAULTS['answers 500']);
  await inBatches(BATCH, chain(rig));
  await rig.fault([]);
  return rig;
}

export async function inBatches(mails: number, sendOne: SendOne): Promise<void> {
  for (let sent = 0; sent < mails; sent += BATCH)
    await Promise.all(Array.from({ length: Math.min(BATCH, mails - sent) }, () => sendOne(outageRecord())));
}

/**
 * Returns the queue message of a small mail. If an answer is lost, this mail goes to the next provider immediately. `fields`
 * replace fields of the submission.
 */
export function outageRecord(fields: Readonly<Record<string, unknown>> = {}): SQSRecord {
  return record({ subject: 'outage', text: 'No mail waits.', onUnknown: 'failover', ...fields });
}

/**
 * Creates the naive chain. For each mail it tries the providers in order, with a deadline for each provider, and does not
 * remember failures of earlier mails.
 */
export function chain({ call }: OutageRig, deadlineMs = DEADLINE_MS): SendOne {
  return async ({ body }) => {
    const arrived = await intake(body, randomUUID(), NO_OBJECTS, { providers: [] }, Date.now());
    if (arrived.kind !== 'ready') throw new Error(arrived.kind);
    const { message } = arrived;
    const mime = await composeMime(message);
    for (const [place, provider] of OUTAGE_PROVIDERS.entries()) {
      const result = await call(provider, {
        message,
        recipients: message.to.map(({ address }) => address),
        mime: () => Promise.resolve(mime),
        tracking: { opens: false, clicks: false },
        number: place + 1,
        deadlineMs,
        connectMs: Math.min(deadlineMs, 3_000),
      });
      if ('outcome' in result && result.outcome.kind === 'accepted') return;
    }
    throw new Error('no provider took it');
  };
}

async function ask(child: ChildProcess, given: object): Promise<unknown> {
  const done = once(child, 'message');
  child.send(given);
  const [answer] = await done;
  return answer;
}
