import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { reconcilerEnvironment } from '../../../lambda/contract/reconciler-environment.ts';
import { deploy, resources } from '../deployment.ts';

const PROVIDERS = [
  { key: 'postmark', type: 'postmark', options: {}, inbound: { blocked: 'leave' } },
  {
    key: 'mailgun',
    type: 'mailgun',
    options: { domain: 'mg.example.com', region: 'eu' },
    inbound: { domains: ['in.example.com'] },
  },
  { key: 'ses', type: 'ses', options: { identities: ['example.com'] } },
] as const;
const { template } = deploy({ providers: PROVIDERS });
const functions = resources(template, 'AWS::Lambda::Function');
const [id, reconciler] = Object.entries(functions).find(([name]) => name.startsWith('MailoverReconciler')) ?? [];

test('it runs every five minutes, and ends before the next run', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(5 minutes)',
    Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [id, 'Arn'] } })],
  });
  expect(reconciler?.Properties['Timeout']).toBeLessThan(300);
});

test('its environment has the providers to ask and the names of their secrets', () => {
  const environment = reconciler?.Properties['Environment'] as { Variables: Record<string, unknown> } | undefined;
  const text = Object.fromEntries(
    Object.entries(environment?.Variables ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'token',
    ]),
  );

  expect(reconcilerEnvironment.decode(text).providers).toEqual([
    {
      key: 'postmark',
      type: 'postmark',
      secretName: 'Mailover/postmark/webhooks',
      apiSecretName: 'Mailover/postmark',
      missed: { blocked: 'leave' },
    },
    {
      key: 'mailgun',
      type: 'mailgun',
      secretName: 'Mailover/mailgun/webhooks',
      missed: { region: 'eu', domains: ['in.example.com'] },
    },
  ]);
});

test('it writes its own items and those of received mail, one prefix of the bucket, and one queue', () => {
  const policies = Object.entries(resources(template, 'AWS::IAM::Policy')).filter(([name]) =>
    name.startsWith('MailoverReconciler'),
  );
  const statements = policies.flatMap(
    ([, { Properties }]) =>
      (Properties['PolicyDocument'] as { Statement: { Action: unknown; Condition?: unknown; Resource: unknown }[] })
        .Statement,
  );
  const of = (action: string) => statements.find(({ Action }) => [Action].flat().includes(action));

  expect(of('dynamodb:PutItem')?.Condition).toEqual({
    'ForAllValues:StringLike': {
      'dynamodb:LeadingKeys': ['inbound/*', 'message-id/*', 'reconciled/*', 'reconciler/*', 'canary/*'],
    },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  });
  expect(JSON.stringify(of('s3:PutObject')?.Resource)).toContain('/inbound/*');
  expect([of('sqs:SendMessage')?.Resource].flat()).toHaveLength(1);
  expect(statements.flatMap(({ Action }) => Action).filter((action) => String(action).includes('*'))).toEqual([]);
});

test('each provider has alarms on recovered mail and on missing runs', () => {
  const names = Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties['AlarmName'],
  );

  for (const provider of ['postmark', 'mailgun'])
    for (const title of ['InboundNotice', 'InboundMissed', 'ReconcilerBlind', 'ReconcilerBehind', 'ReconcilerSkipped'])
      expect(names).toContain(`Mailover/${provider}/${title}`);
});

test('without a provider that lists received mail there is no reconciler', () => {
  const { stack } = deploy({ providers: PROVIDERS.map(({ key, type, options }) => ({ key, type, options })) as never });

  expect(stack.mailover.reconciler).toBeUndefined();
});

test('more than its environment can hold is refused by its name, before anything is deployed', () => {
  const domains = Array.from({ length: 90 }, (_, n) => `receiving-domain-number-${n}.customers.example.com`);
  const options = { domain: 'mg.example.com' };

  expect(() => deploy({ providers: [{ key: 'mailgun', type: 'mailgun', options, inbound: { domains } }] })).toThrow(
    /Reconciler: the environment variables of the function may need \d{4} bytes, and Lambda allows 4096: use fewer .*domains/,
  );
});
