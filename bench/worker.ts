import { createGate } from '../lambda/circuit/gate.ts';
import { systemClock } from '../lambda/platform/clock.ts';
import { queueProofs } from '../lambda/platform/proof.ts';
import { definitions } from '../lambda/providers/registry.ts';
import { createSender, type MessageProcessor } from '../lambda/sender/sender.ts';
import type { SenderContext } from '../lambda/sender/work.ts';
import { OUTAGE_PROVIDERS } from './outage-providers.ts';
import { OUTBOUND } from './record.ts';

/** Access to an S3 bucket without objects. */
export const NO_OBJECTS = {
  read: () => Promise.reject(new Error('there are no objects here')),
};

/** Creates a new sender with the code of the product, and with the two providers of the outage benchmark. */
export function createWorker(
  edges: Pick<SenderContext, 'table' | 'log' | 'call' | 'lookUp' | 'queue'>,
): MessageProcessor {
  const metrics = { add: () => {} };
  const all = { ...edges, clock: systemClock, random: Math.random };
  return createSender({
    environment: {
      providers: OUTAGE_PROVIDERS,
      outboundQueueArn: OUTBOUND,
      proofSecret: 'proof-key',
      deadLetterQueueUrl: 'dead',
      eventsQueueUrl: 'events',
      retryQueueUrls: { first: 'retry', second: 'retry' },
      mailBucket: 'bench',
      stateTable: 'state',
      maxReceiveCount: 20,
      workers: 50,
    },
    definitions,
    objects: { ...NO_OBJECTS, renew: async () => {} },
    proofs: queueProofs('proof-key', { read: async () => ({ key: 'bench' }) }, systemClock, metrics),
    metrics,
    gate: createGate({ providers: OUTAGE_PROVIDERS, workers: 50, ...all }),
    ...all,
  });
}
