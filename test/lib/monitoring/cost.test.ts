import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { MonitoringSize } from '../../../lambda/contract/metrics.ts';
import { totalOf, watchingCost } from '../../../lib/costs/watching.ts';
import { deploy } from '../deployment.ts';
import { costTable, EVERYTHING } from './everything.ts';
import { PROVIDERS } from './providers.ts';

const RECORD = new URL('../../../docs/adr/0013-monitoring.md', import.meta.url);
const resourcesOf = (providers = PROVIDERS, size: MonitoringSize = 'full') =>
  deploy({ providers, monitoring: { size } }).template.toJSON()['Resources'];

test('an alarm costs as many metrics as it reads', () => {
  const lines = watchingCost(
    {
      Plain: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'x' } },
      Math: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { Metrics: [{ Expression: 'a + b' }, { MetricStat: {} }, { MetricStat: {} }] },
      },
      Both: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: {} },
      Queue: { Type: 'AWS::SQS::Queue' },
    },
    [],
  );

  expect(lines.map(({ what, number }) => `${number} ${what}`)).toContain('3 metrics read by 2 alarms');
  expect(lines.find(({ what }) => what === 'composite alarms')?.total).toBe(0.5);
});

/** Dollars a month for one more provider, as in decision 13. */
const COST_OF_ONE = 11;

test('a provider more costs what its own series and alarms cost', () => {
  const cost = (providers: typeof PROVIDERS) => totalOf(watchingCost(resourcesOf(providers), providers));

  expect(cost(PROVIDERS) - cost(PROVIDERS.slice(0, 3))).toBeLessThan(COST_OF_ONE);
});

test('receiving adds 19 series for each provider, and three for the whole', () => {
  const series = (inbound: boolean) => {
    const providers = PROVIDERS.map((provider) =>
      provider.type === 'postmark' && inbound ? { ...provider, inbound: true as const } : provider,
    );
    return (
      watchingCost(resourcesOf(providers), providers).find(({ what }) => what === 'series of metrics')?.number ?? 0
    );
  };

  expect(series(true) - series(false)).toBe(19 + 3);
});

test('delivery events add fourteen series for each provider, and seven for the whole', () => {
  const series = (events: boolean) => {
    const providers = PROVIDERS.map((provider) =>
      provider.type === 'postmark' && events ? { ...provider, events: true as const } : provider,
    );
    return (
      watchingCost(resourcesOf(providers), providers).find(({ what }) => what === 'series of metrics')?.number ?? 0
    );
  };

  // Two are of the access log: requests that the HTTP API answered itself; two are of mail that was sent twice, three of
  // classes whose mail waits.
  expect(series(true) - series(false)).toBe(14 + 7);
});

test('the small size costs less than ten dollars for four providers, and keeps every page', () => {
  const lines = watchingCost(resourcesOf(PROVIDERS, 'small'), PROVIDERS, 'small');
  const pages = (size: MonitoringSize, providers: typeof PROVIDERS) =>
    deploy({ providers, monitoring: { size } })
      .stack.mailover.monitoring.alarms.flatMap(({ severity, name }) => (severity === 'page' ? name : []))
      .toSorted();

  expect(totalOf(lines)).toBeLessThan(10);
  for (const providers of [PROVIDERS, EVERYTHING]) expect(pages('small', providers)).toEqual(pages('full', providers));
});

test.each([
  ['full', 'cost'],
  ['small', 'cost-small'],
] as const)('the decision record has the bill of four providers, size %s (npm run runbook writes it)', (size, part) => {
  expect(readFileSync(RECORD, 'utf8')).toContain(`<!-- ${part} -->\n${costTable(size)}<!-- /${part} -->`);
});
