import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { AttemptResult } from '../../../lambda/mail/outcome.ts';
import { systemClock } from '../../../lambda/platform/clock.ts';
import type { Registry } from '../../../lambda/providers/pool.ts';
import { definitions, loadProvider } from '../../../lambda/providers/registry.ts';
import { rehearse } from '../../../lambda/sender/rehearse.ts';
import type { SenderContext } from '../../../lambda/sender/work.ts';
import { linesOf } from '../../support/standard-output.ts';

// This registers a provider type that a user wrote, as docs/adding-a-provider.md describes.
vi.mock('../../../lambda/providers/own/types.ts', async () => ({
  ownTypes: { acme: (await import('../providers/own/acme.ts')).acme },
}));

/** A dependency that must not be used: each use is recorded in `touched`. */
const untouched = new Proxy(Object.freeze({}), {
  get: (_, name) => () => {
    touched.push(String(name));
  },
}) as never;
let touched: string[] = [];

const context: SenderContext = {
  environment: {
    providers: [],
    outboundQueueArn: 'arn:aws:sqs:us-east-1:000000000000:outbound',
    deadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/dead',
    eventsQueueUrl: 'https://sqs.us-east-1.amazonaws.com/000000000000/events',
    retryQueueUrls: {},
    maxReceiveCount: 5,
    workers: 50,
    mailBucket: 'mail',
    proofSecret: 'proof',
    stateTable: 'state',
  },
  definitions,
  call: untouched,
  lookUp: untouched,
  gate: untouched,
  table: untouched,
  queue: untouched,
  proofs: untouched,
  objects: untouched,
  log: untouched,
  metrics: untouched,
  clock: systemClock,
  random: Math.random,
};

beforeEach(() => {
  touched = [];
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterEach(() => vi.unstubAllEnvs());

const PROVIDERS: readonly ProviderConfig[] = [
  { key: 'postmark', type: 'postmark', options: {}, classes: ['receipts'] },
  { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' }, fromDomains: ['mail.example.net'] },
  { key: 'ses', type: 'ses', options: { identities: ['billing@example.net'] } },
  { key: 'sendgrid', type: 'sendgrid', options: {} },
  { key: 'smtp', type: 'smtp', options: { host: 'mail.example.net' }, maxPerSecond: 1 },
];

it.each(PROVIDERS)(
  'a rehearsal over $type tries to connect to an address without a server, and has no effects',
  async (provider) => {
    const { registry, results } = watched();

    const lines = await linesOf(() => rehearse(provider, registry, context, { name: 'mailover', stage: 'live' }));

    expect(results).toEqual([
      { outcome: expect.objectContaining({ kind: 'unavailable', reason: 'connection-refused' }) },
    ]);
    expect(touched).toEqual([]);
    expect(lines).toEqual([]);
  },
);

it('a rehearsal makes no call with a provider type of a user, whose code might use another address', async () => {
  const { registry, results } = watched();
  const acme = { key: 'acme', type: 'acme', options: { url: 'https://127.0.0.1:1' } };

  await rehearse(acme, registry, context, { name: 'mailover', stage: 'live' });

  expect(results).toEqual([]);
  expect(touched).toEqual([]);
});

it('a process starts although its provider cannot be rehearsed', async () => {
  const registry = { definitions, loadProvider: () => Promise.reject(new Error('not now')) };

  await rehearse(PROVIDERS[0] as ProviderConfig, registry, context, { name: 'mailover', stage: 'live' });

  expect(touched).toEqual([]);
});

/** Returns a copy of the registry of provider types that also records the result of each send. */
function watched() {
  const results: Pick<AttemptResult, 'outcome'>[] = [];
  const registry: Registry = {
    definitions,
    loadProvider: async (type) => {
      const module = await loadProvider(type);
      return {
        create: (given) => {
          const provider = module.create(given);
          return {
            ...provider,
            send: async (attempt) => {
              const result = await provider.send(attempt);
              results.push({ outcome: result.outcome });
              return result;
            },
          };
        },
      };
    },
  };
  return { registry, results };
}
