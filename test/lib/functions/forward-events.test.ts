import { Match } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Stack } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { posterEnvironment } from '../../../lambda/contract/poster-environment.ts';
import { deploy, resources } from '../deployment.ts';

const bus = (stack: Stack) => EventBus.fromEventBusName(stack, 'Bus', 'mail');
const alarms = (template: ReturnType<typeof deploy>['template']) =>
  Object.values(resources(template, 'AWS::CloudWatch::Alarm'))
    .map(({ Properties }) => String(Properties['AlarmName']).replace('Mailover/', ''))
    .filter((name) => /^Events(Unread|Undelivered)$/.test(name))
    .sort();
const functionsWith = (template: ReturnType<typeof deploy>['template'], variable: string) =>
  Object.values(resources(template, 'AWS::Lambda::Function')).filter(
    ({ Properties }) =>
      variable in ((Properties['Environment'] as { Variables?: object } | undefined)?.Variables ?? {}),
  ).length;

test('without the option nothing reads the events queue, and nothing watches it', () => {
  const { template } = deploy();

  expect(alarms(template)).toEqual([]);
  expect(functionsWith(template, 'MAILOVER_DEAD_LETTER_EVENTS')).toBe(0);
  template.resourceCountIs('AWS::Pipes::Pipe', 0);
});

test('`consumed` adds the alarm on an unread queue, and nothing else', () => {
  const { template } = deploy({ events: { consumed: true } });

  expect(alarms(template)).toEqual(['EventsUnread']);
  expect(functionsWith(template, 'MAILOVER_POST_URL')).toBe(0);
});

test('a bus gets the events by a pipe that may read one queue and put on one bus', () => {
  const { template } = deploy({ events: { bus } });

  expect(alarms(template)).toEqual(['EventsUndelivered', 'EventsUnread']);
  expect(functionsWith(template, 'MAILOVER_DEAD_LETTER_EVENTS')).toBe(1);
  template.hasResourceProperties('AWS::Pipes::Pipe', {
    TargetParameters: {
      InputTemplate: '<$.body>',
      EventBridgeEventBusParameters: { Source: 'mailover', DetailType: '$.body.type' },
    },
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'events:PutEvents' })]) },
  });
});

test('a URL gets them from a function that may read the queue and its own key', () => {
  const { template, stack } = deploy({ events: { url: 'https://example.com/mail-events' } });

  expect(alarms(template)).toEqual(['EventsUndelivered', 'EventsUnread']);
  expect(functionsWith(template, 'MAILOVER_DEAD_LETTER_EVENTS')).toBe(1);
  const [poster] = Object.values(resources(template, 'AWS::Lambda::Function')).flatMap(({ Properties }) => {
    const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, string> };
    return Variables['MAILOVER_POST_URL'] ? [Variables] : [];
  });
  const given = Object.fromEntries(
    Object.entries(poster ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : name]),
  );
  expect(posterEnvironment.decode(given)).toEqual({
    url: 'https://example.com/mail-events',
    signingSecret: 'MAILOVER_SIGNING_SECRET',
    queueUrl: 'MAILOVER_POSTED_QUEUE',
  });
  expect(() => stack.mailover.grantEvents(stack.mailover.sender.function)).toThrow(/bus or a url/);
});

test.each([
  ['http://example.com/', 'events.url: begins with http://; it must be https'],
  ['mail-events', 'events.url: is not a URL; it must be like https://example.com/mail-events'],
  ['https://user:pass@example.com/', 'events.url: has a user name or password'],
])('the URL %s is refused', (url, problem) => {
  expect(() => deploy({ events: { url } })).toThrow(problem);
});

test('a bus and a URL together are refused', () => {
  const events = { url: 'https://example.com/', bus };

  expect(() => deploy({ events })).toThrow('events.url: cannot be given together with `bus`; choose one of them');
});
