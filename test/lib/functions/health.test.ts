import { expect, test } from 'vitest';
import { healthEnvironment } from '../../../lambda/contract/health-environment.ts';
import { deploy, evaluate, listOf, PROVIDERS, type Resource, resources } from '../deployment.ts';

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

const { template, stack } = deploy();
const named = (type: string, part: string): Resource => {
  const found = Object.entries(resources(template, type)).find(([id]) => id.startsWith(part));
  if (!found) throw new Error(`no ${type} ${part}`);
  return found[1];
};
const fn = named('AWS::Lambda::Function', 'MailoverHealth');
const policy = named('AWS::IAM::Policy', 'MailoverHealth');
const statements = (policy.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
const allowing = (action: string) => statements.filter(({ Action }) => listOf(Action).includes(action));

test('the health check decodes what the deployment encodes', () => {
  const { Variables } = fn.Properties['Environment'] as { Variables: Record<string, unknown> };
  const decoded = healthEnvironment.decode(
    Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, evaluate(value)])),
  );
  expect(decoded).toEqual({
    providers: PROVIDERS.filter(({ outbound }) => outbound !== false),
    outboundQueueUrl: evaluate(stack.resolve(stack.mailover.queues.outbound.queueUrl)),
    retryQueueNames: {
      prefix: 'Mailover-MailoverQueuesRetry',
      present: Array.from(stack.mailover.queues.retry.values(), ({ queueName }) => evaluate(stack.resolve(queueName))),
    },
    stateTable: evaluate(stack.resolve(stack.mailover.stateTable.tableName)),
  });
});

test('it runs every minute, and a missed minute is not repeated', () => {
  const rule = named('AWS::Events::Rule', 'MailoverHealth');
  expect(rule.Properties).toMatchObject({
    ScheduleExpression: 'rate(1 minute)',
    Targets: [{ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }],
  });
  expect(named('AWS::Lambda::EventInvokeConfig', 'MailoverHealth').Properties).toMatchObject({
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 60,
  });
  expect(Number(fn.Properties['Timeout'])).toBeLessThan(60);
});

test('it reads circuits and switches, and writes nothing but its own items', () => {
  const keys = (action: string) =>
    allowing(action).map(({ Condition }) => Condition as Record<string, Record<string, string[]>>);
  expect(keys('dynamodb:PutItem')).toEqual([
    {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['health/*', 'canary/*'] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  ]);
  expect(keys('dynamodb:BatchGetItem')).toEqual([
    {
      'ForAllValues:StringLike': {
        'dynamodb:LeadingKeys': ['circuit/*', 'switch/*', 'health/*', 'canary/*', 'tally/*'],
      },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  ]);
});

test('it calls SES in the regions of its accounts, sends with no provider, and has no other wildcard', () => {
  const [account] = allowing('ses:GetAccount');
  expect(account).toMatchObject({
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] } },
  });
  expect(allowing('ses:SendEmail')).toEqual([]);
  const wild = statements
    .flatMap(({ Resource }) => listOf(Resource).map(evaluate))
    .filter((text) => text.includes('*'));
  // The second and the third resource are needed to count the mail on the queues of removed providers.
  const queues = `arn:aws:sqs:us-east-1:123456789012:Mailover-MailoverQueuesRetry*`;
  expect(wild.toSorted()).toEqual(['*', '*', queues]);
});

test('it reads the secrets of the providers that send', () => {
  const secrets = allowing('secretsmanager:GetSecretValue').flatMap(({ Resource }) => listOf(Resource).map(evaluate));
  expect(secrets.map((arn) => /secret:(.+)-\?+$/.exec(arn)?.[1]).toSorted()).toEqual(
    ['eu/mailgun', 'Mailover/mailgun-us', 'Mailover/own-mta', 'Mailover/postmark'].toSorted(),
  );
});

test('a stack without SES has no permission for SES', () => {
  const { template: plain } = deploy({ providers: [{ key: 'postmark', type: 'postmark', options: {} }] });
  expect(JSON.stringify(plain.toJSON())).not.toContain('ses:');
});

test('only with canaries it may send to the outbound queue, and the sender has neither', () => {
  const watched = {
    canary: { to: 'canary@in.example.com', everyMinutes: 30 },
    blocklists: { addresses: ['192.0.2.1'], zones: ['bl.example.org'] },
  };
  const options = { host: 'mta.example.com' };
  const { template: with_ } = deploy({ providers: [{ key: 'own-mta', type: 'smtp', options, ...watched }] });
  const sends = (given: typeof template) =>
    Object.entries(resources(given, 'AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('MailoverHealth'))
      .map(([, { Properties }]) => JSON.stringify(Properties).includes('sqs:SendMessage'));

  expect([sends(template), sends(with_)]).toEqual([[false], [true]]);
  const functions = Object.entries(resources(with_, 'AWS::Lambda::Function'));
  const told = functions.filter(([, { Properties }]) => JSON.stringify(Properties).includes('everyMinutes'));
  expect(told.map(([id]) => id.slice(0, 'MailoverHealth'.length))).toEqual(['MailoverHealth']);
  const alarms = Object.values(resources(with_, 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties['AlarmName'],
  );
  expect(alarms).toEqual(expect.arrayContaining(['Mailover/own-mta/CanaryMissing', 'Mailover/own-mta/Blocklisted']));
});

test('more than its environment can hold is refused', () => {
  const blocklists = {
    addresses: ['192.0.2.1'],
    zones: Array.from({ length: 200 }, (_, n) => `list-${n}.example.org`),
  };
  const options = { host: 'mta.example.com' };

  expect(() => deploy({ providers: [{ key: 'own-mta', type: 'smtp', options, blocklists }] })).toThrow(
    /environment variables .* bytes.*zones of blocklists/,
  );
});

test('inbound canaries go out with their proof, have alarms, and come in by the rule of SES', () => {
  const canary = { to: 'canary@ses.in.example.com', everyMinutes: 30 };
  const { template: with_, stack: its } = deploy({
    providers: [
      {
        key: 'ses',
        type: 'ses',
        options: { identities: ['example.com'] },
        inbound: { recipients: ['in.example.com'], canary },
      },
      {
        key: 'inbox',
        type: 'postmark',
        outbound: false,
        options: {},
        inbound: { canary: { to: 'canary@pm.in.example.com', everyMinutes: 60 } },
      },
    ],
  });
  const alarms = Object.values(resources(with_, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
  expect(
    alarms
      .filter(({ AlarmName }) => String(AlarmName).endsWith('/MxCanaryMissing'))
      .map(({ AlarmName, Threshold, MetricName }) => [AlarmName, Threshold, MetricName]),
  ).toEqual([
    ['Mailover/ses/MxCanaryMissing', 4_200, 'MxCanaryAge'],
    ['Mailover/inbox/MxCanaryMissing', 7_800, 'MxCanaryAge'],
  ]);
  expect(Object.values(resources(with_, 'AWS::SES::ReceiptRule'))[0]?.Properties['Rule']).toMatchObject({
    Recipients: ['in.example.com', 'canary@ses.in.example.com'],
  });
  const [policy] = Object.entries(resources(with_, 'AWS::IAM::Policy')).filter(([id]) =>
    id.startsWith('MailoverHealth'),
  );
  const { Statement } = (policy?.[1].Properties['PolicyDocument'] ?? { Statement: [] }) as {
    Statement: { Action: unknown; Resource: unknown }[];
  };
  expect(Statement).toContainEqual({
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: its.resolve(its.mailover.proofKey.secretArn),
  });
});
