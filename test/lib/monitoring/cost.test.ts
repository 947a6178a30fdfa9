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

/** Cost of the monitoring of one more provider, in dollars a month, as in decision 13. */
const COST_OF_ONE = 11;

test('a provider more costs what its own series and alarms cost', () => {
  const cost = (providers: typeof PROVIDERS) => totalOf(watchingCost(resourcesOf(providers), providers));

  expect(cost(PROVIDERS) - cost(PROVIDERS.slice(0, 3))).toBeLessThan(COST_OF_ONE);
});

test('receiving adds 19 series for each provider, and three for the whole', () => {
  expect(seriesAdded({ inbound: true })).toBe(19 + 3);
});

test('delivery events add fourteen series for each provider, and seven for the whole', () => {
  // Of the seven series, two come from the access log (requests that the HTTP API answered itself). Two are about mail that was
  // sent twice, and three are about classes of mail whose mail waits.
  expect(seriesAdded({ events: true })).toBe(14 + 7);
});

/** Returns how many more series of metrics there are if Postmark has these options. */
function seriesAdded(options: { inbound?: true; events?: true }): number {
  const series = (providers: typeof PROVIDERS) =>
    watchingCost(resourcesOf(providers), providers).find(({ what }) => what === 'series of metrics')?.number ?? 0;
  const changed = PROVIDERS.map((one) => (one.type === 'postmark' ? { ...one, ...options } : one));
  return series(changed) - series(PROVIDERS);
}

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
