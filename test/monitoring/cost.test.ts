import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { totalOf, watchingCost } from '../../lib/monitoring/cost.ts';
import { deploy } from '../stack/deployment.ts';
import { PROVIDERS } from './providers.ts';

const resourcesOf = (providers = PROVIDERS) => deploy({ providers }).template.toJSON()['Resources'];

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

test('a provider more costs what its own series and alarms cost', () => {
  const cost = (providers: typeof PROVIDERS) => totalOf(watchingCost(resourcesOf(providers), providers));

  expect(cost(PROVIDERS) - cost(PROVIDERS.slice(0, 3))).toBeLessThan(8);
});

test('receiving adds 18 series for each provider, and three for the whole', () => {
  const series = (inbound: boolean) => {
    const providers = PROVIDERS.map((provider) =>
      provider.type === 'postmark' && inbound ? { ...provider, inbound: true as const } : provider,
    );
    return (
      watchingCost(resourcesOf(providers), providers).find(({ what }) => what === 'series of metrics')?.number ?? 0
    );
  };

  expect(series(true) - series(false)).toBe(18 + 3);
});

test('the decision record has the bill of four providers', () => {
  const record = readFileSync(new URL('../../docs/adr/0013-monitoring.md', import.meta.url), 'utf8');
  const lines = watchingCost(resourcesOf(), PROVIDERS);

  for (const { what, number, each, total } of lines)
    expect(record).toContain(`| ${what} | ${number} | ${each.toFixed(2)} | ${total.toFixed(2)} |`);
  expect(record).toContain(`| **together** | | | **${totalOf(lines).toFixed(2)}** |`);
});
