import { expect, test } from 'vitest';
import { type SenderEnvironment, senderEnvironment } from '../../../lambda/contract/environment.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { ConfigurationError } from '../../../lib/configuration/configuration-error.ts';
import { validateRoutes } from '../../../lib/configuration/validate-routes.ts';
import { deploy, PROVIDERS, resources } from '../deployment.ts';

const providers: ProviderConfig[] = [
  ...PROVIDERS,
  { key: 'young', type: 'smtp', classes: ['receipts', 'news'], options: { host: 'mta.example.com' } },
];
const codes = { class: 'login-codes', providers: ['postmark', 'ses-here'], expiresAfterSeconds: 600 };

function problems(routes: unknown): readonly string[] {
  try {
    validateRoutes(routes, providers);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}

test('routes with every field, and with none but the class, pass', () => {
  const routes = [
    { ...codes, onUnknown: 'failover', strict: true },
    { class: 'Grüße an alle' },
    { class: 'news', providers: ['young'], pauseAbove: false },
  ];
  expect(problems(routes)).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['no list', {}, 'routes: must be a list'],
  ['an entry that is no object', [null], 'routes[0]: '],
  ['no class', [{ onUnknown: 'ask' }], 'routes[0]: class: '],
  ['an empty class', [{ class: '' }], 'class: must be text of one line'],
  ['a class of two lines', [{ class: 'a\r\nb' }], 'class: must be text of one line'],
  ['a class that no submission can have', [{ class: 'c'.repeat(65) }], 'class: must have at most 64 characters'],
  [
    'a class twice',
    [codes, { class: 'news' }, { ...codes }],
    'routes[2] (login-codes): class: is already used by routes[0]',
  ],
  ['an unknown field', [{ ...codes, provider: [] }], 'routes[0] (login-codes): Unrecognized key: "provider"'],
  ['no provider at all', [{ ...codes, providers: [] }], 'providers: must not be empty'],
  [
    'an unknown provider',
    [{ ...codes, providers: ['postmark', 'sendgrid'] }],
    'providers[1]: must be the key of a provider: postmark, ',
  ],
  [
    'a provider that only receives',
    [{ ...codes, providers: ['inbox'] }],
    'providers[0]: inbox only receives (outbound: false)',
  ],
  ['a provider twice', [{ ...codes, providers: ['postmark', 'postmark'] }], 'providers[1]: postmark is named twice'],
  [
    'a provider that does not carry the class',
    [{ ...codes, providers: ['young'] }],
    'providers[0]: young sends only the classes receipts, news',
  ],
  ['strict without providers', [{ class: 'x', strict: true }], 'strict: has no effect without `providers`'],
  ['a limit of 5 instead of 5 %', [{ class: 'x', pauseAbove: { bounces: 5 } }], 'pauseAbove: '],
  ['no limit', [{ class: 'x', pauseAbove: true }], 'pauseAbove: '],
  [
    'a limit without a provider that reports',
    [{ class: 'news', providers: ['young'], pauseAbove: { bounces: 0.02 } }],
    'pauseAbove: a provider of the class needs signed `events`',
  ],
  ['strict as a word', [{ ...codes, strict: 'yes' }], 'strict: '],
  ['a time below half a minute', [{ ...codes, expiresAfterSeconds: 29 }], 'expiresAfterSeconds: '],
  ['a time above 14 days', [{ ...codes, expiresAfterSeconds: 1_209_601 }], 'expiresAfterSeconds: '],
  ['a time that is no whole number', [{ ...codes, expiresAfterSeconds: 60.5 }], 'expiresAfterSeconds: '],
  ['an unknown policy', [{ ...codes, onUnknown: 'retry' }], 'onUnknown: '],
])('%s is refused with index, class and reason', (_, routes, reason) => {
  expect(problems(routes).join('\n')).toContain(reason);
});

test('all faults come at once', () => {
  expect(problems([{ class: '', providers: ['x', 'y'], onUnknown: 'no' }])).toHaveLength(4);
});

test('the construct refuses a wrong route, and passes a valid route to the sender', () => {
  expect(() => deploy({ routes: [{ class: 'news', providers: ['nobody'] }] })).toThrow(
    /routes\[0\] \(news\): providers\[0\]/,
  );
  const { template } = deploy({ routes: [codes] });
  const environments = Object.values(resources(template, 'AWS::Lambda::Function')).map(
    ({ Properties }) => (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
  );
  expect(environments.map((variables) => variables['MAILOVER_ROUTES'])).toContain(JSON.stringify([codes]));
});

test('what the deployment encodes is what the sender decodes', () => {
  const environment: SenderEnvironment = {
    providers,
    routes: [codes],
    outboundQueueArn: 'o',
    proofSecret: 'l',
    deadLetterQueueUrl: 'd',
    eventsQueueUrl: 'e',
    retryQueueUrls: {},
    maxReceiveCount: 20,
    workers: 50,
    mailBucket: 'b',
    stateTable: 't',
  };
  expect(senderEnvironment.decode(senderEnvironment.encode(environment))).toEqual(environment);
  const { routes: _, ...plain } = environment;
  expect(senderEnvironment.encode(plain)).not.toHaveProperty('MAILOVER_ROUTES');
  expect(senderEnvironment.decode(senderEnvironment.encode(plain))).toEqual(plain);
});

test('routes that do not fit the environment of a function are refused', () => {
  const routes = Array.from({ length: 40 }, (_, n) => ({ class: `${n}`.padStart(64, 'c') }));
  expect(() => deploy({ routes })).toThrow(/environment variables .* bytes/);
});
