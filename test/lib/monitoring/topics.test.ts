import { EmailSubscription, SmsSubscription, UrlSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { expect, test } from 'vitest';
import type { MonitoringProps } from '../../../lib/monitoring/monitoring.ts';
import { deploy, resources } from '../deployment.ts';
import { PROVIDERS } from './providers.ts';

const email = new EmailSubscription('ops@example.com');
const pager = new UrlSubscription('https://pager.example.com/mailover');
const live = { stage: 'live', account: '123456789012' } as const;
const synthesise = (monitoring: MonitoringProps) => deploy({ providers: PROVIDERS, ...live, monitoring }).template;

test.each<[string, MonitoringProps]>([
  ['no target', {}],
  ['no target for tickets', { page: [pager], ticket: [] }],
  ['e-mail addresses only', { page: [email] }],
  ['e-mail addresses only, for pages', { page: [email, new EmailSubscription('b@example.com')], ticket: [pager] }],
])('refuses a live stack whose alarms reach %s', (_, monitoring) => {
  expect(() => synthesise(monitoring)).toThrow(/monitoring\.(page|ticket): alarms would reach (no target|e-mail)/);
  expect(() => deploy({ providers: PROVIDERS, monitoring })).not.toThrow();
});

test.each<[string, MonitoringProps, number]>([
  ['a pager, for both', { page: [pager] }, 2],
  ['an e-mail address and a phone', { page: [email, new SmsSubscription('+15550100')] }, 4],
  ['an external subscription', { page: 'elsewhere' }, 0],
])('takes %s', (_, monitoring, subscriptions) => {
  expect(Object.keys(resources(synthesise(monitoring), 'AWS::SNS::Subscription'))).toHaveLength(subscriptions);
});

test('CloudWatch may publish to the topics and use their key, for this account, over TLS only', () => {
  const template = synthesise({ page: [pager] });
  const [key] = Object.values(resources(template, 'AWS::KMS::Key'));
  const policies = Object.values(resources(template, 'AWS::SNS::TopicPolicy'));

  const mine = { StringEquals: { 'aws:SourceAccount': '123456789012' } };
  const principal = { Service: 'cloudwatch.amazonaws.com' };
  expect(key?.Properties).toMatchObject({ EnableKeyRotation: true });
  expect(JSON.stringify(key)).toContain(JSON.stringify(mine));
  expect(policies).toHaveLength(2);
  for (const { Properties } of policies) {
    const { Statement } = Properties['PolicyDocument'] as { Statement: readonly Record<string, unknown>[] };
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Allow', Action: 'sns:Publish', Principal: principal, Condition: mine }),
    );
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  }
});

test('every alarm publishes to a topic when it is raised and when it ends, and defines missing data', () => {
  const template = synthesise({ page: [pager] });
  const topics = Object.keys(resources(template, 'AWS::SNS::Topic'));
  const alarms = Object.values(resources(template, 'AWS::CloudWatch::Alarm'));
  const composites = Object.values(resources(template, 'AWS::CloudWatch::CompositeAlarm'));

  for (const { Properties } of [...alarms, ...composites]) {
    expect(topics).toContain((Properties['AlarmActions'] as { Ref: string }[])[0]?.Ref);
    expect(Properties['OKActions']).toEqual(Properties['AlarmActions']);
  }
  for (const { Properties } of alarms) expect(Properties['TreatMissingData']).toBeDefined();
});

test('stays within what CloudWatch takes: ten metrics an alarm, a day of periods, a hundred alarms a rule', () => {
  const template = synthesise({ page: [pager] });
  for (const { Properties } of Object.values(resources(template, 'AWS::CloudWatch::Alarm'))) {
    const metrics = (Properties['Metrics'] ?? []) as { MetricStat?: { Period: number } }[];
    const stats = metrics.flatMap(({ MetricStat }) => MetricStat ?? []);
    expect(stats.length).toBeLessThanOrEqual(10);
    const period = Number(Properties['Period'] ?? stats[0]?.Period);
    expect(period * Number(Properties['EvaluationPeriods'])).toBeLessThanOrEqual(86_400);
  }
  for (const { Properties } of Object.values(resources(template, 'AWS::CloudWatch::CompositeAlarm'))) {
    expect(String(Properties['AlarmRule']).match(/ALARM\(/g)?.length).toBeLessThanOrEqual(100);
    expect(String(Properties['AlarmRule']).length).toBeLessThanOrEqual(10_240);
  }
});

test('the dashboard begins with whether mail goes out, has a row for each provider, and ends with the log', () => {
  const [dashboard] = Object.values(resources(synthesise({ page: [pager] }), 'AWS::CloudWatch::Dashboard'));
  const titles = [...JSON.stringify(dashboard).matchAll(/## ([^"\\]+)/g)].map(([, title]) => title);

  expect(titles[0]).toBe('Is mail going out, and through which provider?');
  expect(titles).toEqual(expect.arrayContaining(PROVIDERS.map(({ key }) => key)));
  expect(titles.at(-1)).toBe('Log');
});
