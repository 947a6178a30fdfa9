import { Duration } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { definitions, type ProviderList } from '../../../lambda/providers/registry.ts';
import { ConfigurationError } from '../../../lib/configuration/configuration-error.ts';
import { validateProviders, withOptions } from '../../../lib/configuration/validate-providers.ts';
import { deploy, PROVIDERS } from '../deployment.ts';

const GOOD = { key: 'a', type: 'postmark', options: {} };

function problems(providers: unknown): readonly string[] {
  try {
    validateProviders(withOptions(providers as ProviderList), definitions);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}

test('a list with every type and field passes', () => {
  expect(problems(PROVIDERS)).toEqual([]);
  const full = {
    key: 'own',
    type: 'smtp',
    media: 'email',
    secretName: 'team/own',
    outbound: true,
    priority: -3,
    weight: 0,
    share: 0.5,
    warmUp: { start: '2026-12-01', from: 0.001, days: 30 },
    deadlineMs: 60_000,
    connectMs: 60_000,
    fromDomains: ['example.com'],
    substituteFrom: 'mail@mg.example.com',
    classes: ['receipts', 'Grüße an alle'],
    canary: { to: 'canary@in.example.com', from: 'check@example.com', everyMinutes: 30 },
    capacityPerDay: 50_000,
    blocklists: {
      addresses: ['192.0.2.1', '2001:db8::1'],
      zones: ['zen.spamhaus.org'],
      resolvers: ['192.0.2.53', '192.0.2.53:5353', '2001:db8::53', '[2001:db8::53]:53'],
    },
    limits: { maxBytes: 30_000_000, maxRecipients: 10 },
    options: {
      host: 'mta.example.com',
      port: 465,
      tls: 'implicit',
      clientName: 'a.example',
      smtpUtf8: true,
      maxBytes: 30_000_000,
    },
  };
  expect(problems([full, { ...GOOD, priority: -3 }])).toEqual([]);
});

test('a canary goes by a substitute address, or over another provider, where its domain is not allowed', () => {
  const canary = { to: 'canary@in.example.org', everyMinutes: 30 };
  const ses = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };

  expect(problems([{ ...ses, canary, substituteFrom: 'mail@example.com' }])).toEqual([]);
  expect(problems([ses, { ...GOOD, inbound: { canary } }])).toEqual([]);
});

test('delivery reports that come back as mail need a provider that receives', () => {
  const own = { key: 'own', type: 'smtp', events: true, options: { host: 'mta.example.com' } };
  const postmark = { key: 'postmark', type: 'postmark', options: {} };

  expect(problems([own, postmark])).toEqual([
    expect.stringMatching(/^providers\[0\] \(own\): events: .* no provider receives mail; give a provider `inbound`/),
  ]);
  expect(problems([own, { ...postmark, inbound: true }])).toEqual([]);
  expect(problems([{ ...own, events: undefined }, postmark])).toEqual([]);
});

const ARN = 'arn:aws:ses:*:123456789012:identity/';
const ses = (options: object) => ({ key: 'a', type: 'ses', options });

test.each<[string, unknown, string | RegExp]>([
  ['no list', {}, 'ordered list'],
  ['a substitute without domains', [{ ...GOOD, substituteFrom: 'a@example.com' }], 'substituteFrom: needs fromDomains'],
  [
    'a substitute that the provider may not use',
    [{ ...GOOD, fromDomains: ['example.com'], substituteFrom: 'a@example.org' }],
    'substituteFrom: is none of the addresses',
  ],
  [
    'a substitute with a name',
    [{ ...GOOD, substituteFrom: 'A <a@example.com>' }],
    'substituteFrom: must be one address',
  ],
  [
    'an identity of another account in another region',
    [
      ses({
        identities: ['a.example'],
        region: 'eu-west-1',
        fromIdentityArn: `${ARN.replace('*', 'us-east-1')}a.example`,
      }),
    ],
    'fromIdentityArn: is of us-east-1',
  ],
  [
    'an identity below none of the other account',
    [ses({ identities: ['b.example'], fromIdentityArn: `${ARN}a.example` })],
    'is not below',
  ],
  ['no ARN', [ses({ identities: ['b.example'], fromIdentityArn: 'a.example' })], 'must be the ARN of an SES identity'],
  ['an empty list', [], 'no provider sends'],
  ['an entry that is no object', [null], `providers[0]: type: must be one of ${Object.keys(definitions).join(', ')}`],
  ['an unknown type', [{ ...GOOD, type: 'carrier' }], /^providers\[0\] \(a\): type: must be one of/],
  ['an unknown field', [{ ...GOOD, wieght: 3 }], /^providers\[0\] \(a\): .*wieght/],
  ['an unknown option', [{ ...GOOD, options: { stream: 'x' } }], /^providers\[0\] \(a\): options: .*stream/],
  ['an option of another type', [{ ...GOOD, options: { domain: 'example.com' } }], /options: .*domain/],
  ['a third region', [{ key: 'a', type: 'sendgrid', options: { region: 'ap' } }], '(a): options.region: '],
  ['a type that only sends', [{ key: 'a', type: 'sendgrid', options: {}, inbound: true }], /\(a\): .*inbound/],
  ['no required option', [{ key: 'a', type: 'mailgun' }], /\(a\): options.domain: is missing; it must be a string$/],
  ['no key', [{ type: 'postmark', options: {} }], /^providers\[0\]: key: /],
  ['a bad key', [{ ...GOOD, key: 'Main_1' }], /\(Main_1\): key: must match/],
  ['a key of 33 characters', [{ ...GOOD, key: 'k'.repeat(33) }], 'key: must match'],
  ['a key twice', [GOOD, { ...GOOD }], /^providers\[1\] \(a\): key: is already used by providers\[0\]$/],
  ['another medium', [{ ...GOOD, media: 'sms' }], 'media: is reserved: only `email` exists'],
  ['no sending provider', [{ ...GOOD, outbound: false }], 'no provider sends'],
  [
    'weights of zero',
    [
      { ...GOOD, priority: 5, weight: 0 },
      { ...GOOD, key: 'b', priority: 5, weight: 0 },
      { ...GOOD, key: 'c' },
    ],
    /^providers\[0\] \(a\): weight: .* add up to 0/,
  ],
  ['a weight that is no whole number', [{ ...GOOD, weight: 0.5 }], '(a): weight: '],
  ['a share of zero', [{ ...GOOD, share: 0 }], 'share: must be above 0'],
  ['a share above one', [{ ...GOOD, share: 1.01 }], 'share: must be at most 1'],
  [
    'shares above one together',
    [
      { ...GOOD, share: 0.6 },
      { ...GOOD, key: 'b', share: 0.5 },
    ],
    'add up to 1.1',
  ],
  ['a canary to a name', [{ ...GOOD, canary: { to: 'A <a@b.example>', everyMinutes: 30 } }], 'canary.to: must be one'],
  [
    'an inbound canary to a name',
    [{ ...GOOD, inbound: { canary: { to: 'A <a@b.example>', everyMinutes: 30 } } }],
    'inbound.canary.to: must be one',
  ],
  [
    'an inbound canary each minute',
    [{ ...GOOD, inbound: { canary: { to: 'a@b.example', everyMinutes: 1 } } }],
    'inbound.canary.everyMinutes: ',
  ],
  [
    'a canary from a domain that its provider may not send for',
    [
      {
        key: 'ses',
        type: 'ses',
        options: { identities: ['example.com'] },
        canary: { to: 'canary@in.example.com', from: 'canary@example.org', everyMinutes: 30 },
      },
    ],
    'canary.from: ses may not send for example.org, so no canary would be sent',
  ],
  [
    'an inbound canary from a domain that no provider may send for',
    [
      {
        ...GOOD,
        fromDomains: ['example.com'],
        inbound: { canary: { to: 'canary@mx.example.net', everyMinutes: 30 } },
      },
    ],
    'inbound.canary.from: no provider may send for mx.example.net, so no canary would be sent',
  ],
  [
    'an inbound canary whose domain another provider receives too',
    [
      { ...GOOD, inbound: { canary: { to: 'canary@IN.example.com', everyMinutes: 30 } } },
      { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' }, inbound: { domains: ['in.example.com'] } },
    ],
    'inbound.canary.to: in.example.com is received by mg too; the canary needs a subdomain whose only MX is ',
  ],
  [
    'two inbound canaries to one domain',
    ['one', 'two'].map((key) => ({
      ...GOOD,
      key,
      inbound: { canary: { to: `${key}@mx.example.com`, everyMinutes: 30 } },
    })),
    'inbound.canary.to: mx.example.com is received by two too',
  ],
  ['a canary each minute', [{ ...GOOD, canary: { to: 'a@b.example', everyMinutes: 1 } }], 'canary.everyMinutes: '],
  [
    'a name as sending address',
    [{ ...GOOD, blocklists: { addresses: ['mta.example.com'], zones: ['bl.example.org'] } }],
    'blocklists.addresses.0: must be an IPv4 or IPv6 address',
  ],
  [
    'no zone',
    [{ ...GOOD, blocklists: { addresses: ['192.0.2.1'], zones: [] } }],
    'blocklists.zones: must not be empty',
  ],
  [
    'a resolver that is a name',
    [{ ...GOOD, blocklists: { addresses: ['192.0.2.1'], zones: ['bl.example.org'], resolvers: ['dns.example.org'] } }],
    'blocklists.resolvers.0: must be an address',
  ],
  ['a deadline too short', [{ ...GOOD, deadlineMs: 999 }], 'deadlineMs: '],
  ['a deadline too long', [{ ...GOOD, deadlineMs: 60_001 }], 'deadlineMs: '],
  [
    'a connection slower than the default deadline',
    [{ ...GOOD, connectMs: 10_001 }],
    'connectMs: 10001 is longer than the deadline of 10000',
  ],
  ['a deadline shorter than the default connection', [{ ...GOOD, deadlineMs: 2000 }], 'connectMs: 3000 is longer'],
  [
    'an ARN as secret name',
    [{ ...GOOD, secretName: 'arn:aws:secretsmanager:us-east-1:1:secret:x' }],
    'secretName: must be the name',
  ],
  [
    'a secret for a type without secrets',
    [{ ...ses({ identities: ['example.com'] }), secretName: 'x' }],
    'secretName: type ses needs no secret',
  ],
  [
    'more bytes than the type takes',
    [{ ...GOOD, limits: { maxBytes: 11_000_000 } }],
    'limits.maxBytes: 11000000 is above',
  ],
  [
    'more recipients than the type takes',
    [{ ...GOOD, limits: { maxRecipients: 51 } }],
    'limits.maxRecipients: 51 is above 50',
  ],
  ['no identity', [ses({ identities: [] })], 'options.identities: must not be empty'],
  ['a wildcard as identity', [ses({ identities: ['*'] })], 'options.identities.0: must be a domain'],
  [
    'a region that is none',
    [ses({ identities: ['example.com'], region: 'Ireland' })],
    'options.region: must be an AWS region',
  ],
  [
    'a From domain that is an address',
    [{ ...GOOD, fromDomains: ['a@example.com'] }],
    'fromDomains.0: must be a domain',
  ],
  [
    'a warm-up without a share',
    [{ ...GOOD, warmUp: { start: '2026-12-01', from: 0.1, days: 9 } }],
    'warmUp: needs a `share`',
  ],
  [
    'a warm-up that shrinks',
    [{ ...GOOD, share: 0.1, warmUp: { start: '2026-12-01', from: 0.1, days: 9 } }],
    'warmUp: needs a `share`, and a `from` below this share',
  ],
  [
    'a warm-up from nothing, of no days, on no day',
    [{ ...GOOD, share: 0.1, warmUp: { start: '2026-12-32', from: 0, days: 0 } }],
    /warmUp\.start: .*warmUp\.from: must be above 0.*warmUp\.days: /s,
  ],
  ['no class at all', [{ ...GOOD, classes: [] }], 'classes: must not be empty'],
  ['a class of two lines', [{ ...GOOD, classes: ['a\nb'] }], 'classes.0: must be text of one line'],
  ['a class that no submission can have', [{ ...GOOD, classes: ['c'.repeat(65)] }], 'classes.0: must have at most 64'],
  [
    'a From domain that SES may not send for',
    [{ ...ses({ identities: ['example.com'] }), fromDomains: ['a.example.com', 'elsewhere.test'] }],
    /^providers\[0\] \(a\): fromDomains: elsewhere\.test is not below any of the identities, which alone may send$/,
  ],
  [
    'a host that is a URL',
    [{ key: 'a', type: 'smtp', options: { host: 'smtp://x' } }],
    'options.host: must be a host name',
  ],
])('%s is refused with index, key and reason', (_, providers, reason) => {
  expect(problems(providers).join('\n')).toMatch(reason);
});

test('all faults come at once', () => {
  expect(
    problems([
      { ...GOOD, weight: -1, share: 2 },
      { ...GOOD, colour: 'red' },
    ]),
  ).toHaveLength(4);
});

test('ten equal shares of a tenth are one whole', () => {
  expect(problems(Array.from({ length: 10 }, (_, i) => ({ ...GOOD, key: `k${i}`, share: 0.1 })))).toEqual([]);
});

test('the construct refuses a wrong list', () => {
  expect(() => deploy({ providers: [] })).toThrow(ConfigurationError);
});

test('the construct reports the faults of all parts at once', () => {
  const props = {
    providers: [GOOD, { key: 'b', type: 'mailgun' }] as unknown as ProviderList,
    routes: [{ class: 'news', providers: ['c'] }],
    stage: 'live' as const,
    mailExpiration: Duration.days(7),
    straightLogShare: 2,
  };
  expect(() => deploy(props)).toThrow(
    /options\.domain: is missing.*\(news\): providers\[0\].*account: is missing.*monitoring\.page.*mailExpiration.*straightLogShare/s,
  );
});

test('an unknown type is reported with the other faults, also if a route needs delivery events', () => {
  const providers = [{ key: 'a', type: 'nosuch', events: {}, options: {} }] as unknown as ProviderList;
  const routes = [{ class: 'news', verifiedRecipients: true, expiresAfterSeconds: 1 }];
  expect(() => deploy({ providers, routes })).toThrow(/type: must be one of.*expiresAfterSeconds/s);
  expect(() => deploy({ providers, routes })).toThrow(ConfigurationError);
});

test.each([
  [{ inboundRate: 0 }, 'inboundRate: given 0; it must be a whole number from 1 to 10000'],
  [{ eventsRate: 10_001 }, 'eventsRate: given 10001; it must be a whole number from 1 to 10000'],
  [{ unsubscribeRate: 1.5 }, 'unsubscribeRate: given 1.5; it must be a whole number from 1 to 10000'],
  [{ eventsConcurrency: 1 }, 'eventsConcurrency: given 1; it must be a whole number from 2 to 1000'],
  [{ straightLogShare: -1 }, 'straightLogShare: given -1; it must be from 0 to 1'],
])('a number outside its range is refused: %j', (props, error) => {
  expect(() => deploy({ providers: [{ key: 'a', type: 'postmark' }], ...props })).toThrow(error);
});

test('an entry needs no options where each has a default', () => {
  expect(() => deploy({ providers: [{ key: 'a', type: 'postmark' }] })).not.toThrow();
});

test('deadlines above the time-out of a function are refused', () => {
  const slow = (n: number) => ({ key: `k${n}`, type: 'postmark', deadlineMs: 60_000, options: {} }) as const;
  expect(() => deploy({ providers: Array.from({ length: 15 }, (_, n) => slow(n)) })).toThrow(/deadlineMs: .* 900 s/);
  expect(() => deploy({ providers: Array.from({ length: 14 }, (_, n) => slow(n)) })).not.toThrow();
});

test('a list that does not fit the environment of a function is refused', () => {
  const many = Array.from(
    { length: 30 },
    (_, n) => ({ key: `k${n}`, type: 'postmark', deadlineMs: 3000, options: {} }) as const,
  );
  expect(() => deploy({ providers: many })).toThrow(/environment variables .* bytes/);
});
