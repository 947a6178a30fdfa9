import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definitions } from '../../../lambda/providers/registry.ts';
import { fixedCosts } from '../../../lib/costs/fixed.ts';
import { failoverCosts, mailCost, waitingCost } from '../../../lib/costs/mails.ts';
import { batchSeconds } from '../../../lib/costs/measured.ts';
import { PRICES, PROVIDER_PRICES } from '../../../lib/costs/prices.ts';
import type { Resources } from '../../../lib/costs/watching.ts';
import { totalOf, watchingCost } from '../../../lib/costs/watching.ts';
import { deploy } from '../deployment.ts';
import { PROVIDERS } from '../monitoring/providers.ts';

const page = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const costs = (resources: Resources, secrets: string[] = []) =>
  fixedCosts({ resources, providers: [], routes: [], size: 'full', secrets });
const numberOf = (resources: Resources, what: string) =>
  costs(resources).find((line) => line.what.startsWith(what))?.number;

test('a month has the runs of each schedule, at the memory of its function', () => {
  const rule = (rate: string, id: string) => ({
    Type: 'AWS::Events::Rule',
    Properties: { ScheduleExpression: rate, Targets: [{ Arn: { 'Fn::GetAtt': [id, 'Arn'] } }] },
  });
  const checked = { Type: 'AWS::Lambda::Function', Properties: { Description: 'Checks', MemorySize: 1_024 } };
  const lines = costs({ A: rule('rate(1 minute)', 'F'), B: rule('rate(5 minutes)', 'F'), F: checked });
  const runs = lines.filter(({ what }) => what === 'runs: Checks');

  expect(runs.map(({ number }) => number)).toEqual([43_800, 8_760]);
  expect(runs[0]?.each).toBeCloseTo(0.0000133334 + 0.2e-6, 10);
});

test('a schedule of another form is refused, not left out', () => {
  const Properties = { ScheduleExpression: 'cron(0 0 * * ? *)', Targets: [] };

  expect(() => costs({ A: { Type: 'AWS::Events::Rule', Properties } })).toThrow('not cron(0 0 * * ? *)');
});

test('a VPC of the app is billed: its NAT gateways, and interface endpoints by zone', () => {
  const resources: Resources = {
    Nat: { Type: 'AWS::EC2::NatGateway' },
    Sqs: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcEndpointType: 'Interface', SubnetIds: ['a', 'b'] } },
    S3: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcEndpointType: 'Gateway' } },
  };

  expect(numberOf(resources, 'NAT')).toBe(1);
  expect(numberOf(resources, 'interface endpoints')).toBe(2);
});

test('every queue that Lambda or a pipe polls, and every secret, is billed', () => {
  const resources: Resources = {
    A: { Type: 'AWS::Lambda::EventSourceMapping' },
    B: { Type: 'AWS::Pipes::Pipe' },
    C: { Type: 'AWS::SecretsManager::Secret' },
  };

  expect(numberOf(resources, 'queues that Lambda polls')).toBe(2);
  expect(costs(resources, ['a', 'b']).flatMap(({ what, number }) => (/^secrets/.test(what) ? number : []))).toEqual([
    1, 2,
  ]);
});

test('a type without a measurement is taken for the slowest one', () => {
  expect(batchSeconds('carrier', 512)).toBe(batchSeconds('mailgun', 512));
  expect(batchSeconds('postmark', 1_769)).toBeCloseTo(0.2 + 0.0358);
});

test('delivery events cost more at a provider that posts each than none at all', () => {
  const own = { key: 'a', type: 'postmark' };

  expect(mailCost({ ...own, events: false }, 512).events).toBe(0);
  expect(mailCost({ ...own, events: true }, 512).events).toBeGreaterThan(1e6 * PRICES.apiRequest.dollars);
});

test('a post of Mailgun costs one write more, of its token', () => {
  const eventsOf = (type: string) => mailCost({ key: 'a', type, events: true }, 512).events;

  // Mailgun and SendGrid both post two events for each mail.
  expect(eventsOf('mailgun') - eventsOf('sendgrid')).toBeCloseTo(2e6 * PRICES.writeUnit.dollars, 6);
});

test('every type that is no server of your own has a list price', () => {
  expect(Object.keys(definitions).filter((type) => !(type in PROVIDER_PRICES))).toEqual(['smtp']);
});

test('the last provider of the list fails over to the first, and a single one to none', () => {
  const cost = (key: string) => mailCost({ key, type: 'ses', events: false }, 512);

  expect(failoverCosts([cost('a'), cost('b')]).map(({ key, instead }) => `${key}-${instead}`)).toEqual(['a-b', 'b-a']);
  expect(failoverCosts([cost('a')])).toEqual([]);
});

test('mail that waits costs by the hour', () => {
  const { once, hour } = waitingCost(512);

  expect(once).toBeCloseTo(1.25);
  expect(hour).toBeCloseTo(4 * 1.3 * 0.4 + 0.4 * (0.2 + 0.03 * 0.5 * 13.3334), 2);
});

test('README and docs/deploy.md have the costs that the code has', () => {
  const monitoring = totalOf(watchingCost(deploy({ providers: PROVIDERS }).template.toJSON()['Resources'], PROVIDERS));

  expect(page('README.md')).toContain(
    `Monitoring of four providers that only send costs at most ${Math.ceil(monitoring)} $`,
  );
  for (const text of [
    `${PRICES.natGatewayHour.dollars * 730} $ a month for each gateway and ${PRICES.natGatewayTraffic.dollars} $ for each GB`,
    `${(PRICES.endpointHour.dollars * 730).toFixed(2)} $ a month for each endpoint in each availability zone`,
    `A key costs ${PRICES.key.dollars} $ a month`,
  ])
    expect(page('docs/deploy.md')).toContain(text);
});

test('docs/events.md has what an event costs in the tables', () => {
  const taken = (PRICES.writeUnit.dollars + PRICES.readUnit.dollars) * 1e6;

  expect(page('docs/events.md')).toContain(`a read of the table of lists: $${taken.toFixed(2)} per million`);
});
