import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inboundEnvironment } from '../../../lambda/contract/inbound-environment.ts';
import { INBOUND_OUTCOMES } from '../../../lambda/contract/metric-outcomes.ts';
import { httpAnswer } from '../../../lambda/inbound/outcome.ts';
import type { ProviderList } from '../../../lambda/providers/registry.ts';
import { definitions } from '../../../lambda/providers/registry.ts';
import { ConfigurationError } from '../../../lib/configuration/configuration-error.ts';
import { validateProviders } from '../../../lib/configuration/validate-providers.ts';
import { compileMath } from '../../../local/cloudwatch/alarms/math.ts';
import type { MathValue } from '../../../local/cloudwatch/alarms/math-value.ts';
import { deploy, evaluate, listOf, PROVIDERS, type Resource, resources } from '../deployment.ts';

const RECEIVING: ProviderList = PROVIDERS.map((provider): ProviderList[number] => {
  if (provider.key === 'postmark' && provider.type === 'postmark')
    return { ...provider, inbound: { preference: 20, sourceRanges: ['3.134.147.250/32'] } };
  if (provider.key === 'mailgun-eu' && provider.type === 'mailgun')
    return { ...provider, inbound: { domains: ['in.example.com'], preference: 10, secretName: 'eu/webhooks' } };
  if (provider.key === 'inbox' && provider.type === 'postmark') return { ...provider, inbound: true };
  if (provider.key === 'ses-here' && provider.type === 'ses')
    return { ...provider, inbound: { recipients: ['in.example.com'] } };
  return provider;
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const { template, stack } = deploy({ providers: RECEIVING });
const { queues, mailBucket, stateTable } = stack.mailover;
const find = (type: string, id: RegExp): Resource => {
  const [resource] = Object.entries(resources(template, type)).filter(([logicalId]) => id.test(logicalId));
  if (resource === undefined) throw new Error(`no ${type} like ${id}`);
  return resource[1];
};
const fn = find('AWS::Lambda::Function', /InboundFunction/);

test('without a receiving provider there are no resources for receiving', () => {
  const { template: none, stack: alone } = deploy();
  expect(resources(none, 'AWS::ApiGatewayV2::Api')).toEqual({});
  expect(alone.mailover.inbound).toBeUndefined();
  expect(Object.keys(resources(none, 'AWS::SQS::Queue')).filter((id) => /Inbound/.test(id))).toEqual([]);
});

test('the function decodes what the deployment encodes, and no secret is in the template', () => {
  const { Variables } = fn.Properties['Environment'] as { Variables: Record<string, unknown> };
  const decoded = inboundEnvironment.decode(
    Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, evaluate(value)])),
  );
  expect(decoded).toEqual({
    providers: [
      {
        key: 'postmark',
        type: 'postmark',
        preference: 20,
        sourceRanges: ['3.134.147.250/32'],
        secretName: 'Mailover/postmark/webhooks',
      },
      { key: 'mailgun-eu', type: 'mailgun', preference: 10, secretName: 'eu/webhooks' },
      { key: 'ses-here', type: 'ses' },
      { key: 'inbox', type: 'postmark', secretName: 'Mailover/inbox/webhooks' },
    ],
    inboundQueueUrl: evaluate(stack.resolve(queues.inbound?.queueUrl)),
    mailBucket: evaluate(stack.resolve(mailBucket.bucketName)),
    stateTable: evaluate(stack.resolve(stateTable.tableName)),
  });
});

test('it may write mail and state and read its own secrets, and send through no provider', () => {
  const policy = find('AWS::IAM::Policy', /InboundRole/);
  const statements = (policy.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
  const allowed = statements.flatMap(({ Action, Resource }) =>
    listOf(Action).flatMap((action) => listOf(Resource).map((resource) => `${action} ${evaluate(resource)}`)),
  );
  const bucket = evaluate(stack.resolve(mailBucket.bucketArn));
  const secret = 'secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:123456789012:secret:';
  const inbound = evaluate(stack.resolve(queues.inbound?.queueArn));
  const table = evaluate(stack.resolve(stateTable.tableArn));
  expect(allowed.filter((one) => !/^(logs|sqs:(Rec|Del|Get|Ch))/.test(one)).toSorted()).toEqual(
    [
      `sqs:SendMessage ${inbound}`,
      `s3:PutObject ${bucket}/inbound/*`,
      `s3:GetObject ${bucket}/inbound/ses/*`,
      `dynamodb:GetItem ${table}`,
      `dynamodb:PutItem ${table}`,
      ...['Mailover/postmark/webhooks', 'eu/webhooks', 'Mailover/inbox/webhooks'].map(
        (name) => `${secret}${name}-??????`,
      ),
    ].toSorted(),
  );
});

test('the sender has no access to the resources of receiving', () => {
  const policy = find('AWS::IAM::Policy', /SenderRole/);
  expect(JSON.stringify(policy)).not.toMatch(/webhooks|Inbound/);
  const sender = find('AWS::Lambda::Function', /SenderFunction/);
  expect(JSON.stringify(sender.Properties['Environment'])).not.toMatch(/webhooks|preference|sourceRanges/);
});

test('three routes lead to the function, and the log of requests never has the path', () => {
  const keys = Object.values(resources(template, 'AWS::ApiGatewayV2::Route')).map(
    ({ Properties }) => Properties['RouteKey'],
  );
  expect(keys).toEqual(['', '/mime', '/store'].map((end) => `POST /inbound/{key}/{path}${end}`));
  const stage = find('AWS::ApiGatewayV2::Stage', /Webhooks/);
  const format = (stage.Properties['AccessLogSettings'] as { Format: string }).Format;
  expect(format).not.toMatch(/context\.(path|resourcePath|domain)/);
  const throttle = { ThrottlingBurstLimit: 200, ThrottlingRateLimit: 100 };
  expect(stage.Properties['RouteSettings']).toEqual(Object.fromEntries(keys.map((key) => [key, throttle])));
});

test('the function answers before API Gateway gives up', () => {
  expect(fn.Properties['Timeout']).toBeLessThan(30);
});

test('mail over SES goes to the bucket under its prefix, and its notification to a queue that the function reads', () => {
  const rule = find('AWS::SES::ReceiptRule', /Inbound/);
  expect(rule.Properties['Rule']).toMatchObject({
    Enabled: true,
    ScanEnabled: true,
    Recipients: ['in.example.com'],
    Actions: [{ S3Action: { ObjectKeyPrefix: 'inbound/ses/' } }],
  });
  const queue = find('AWS::SQS::Queue', /InboundSesQueue/);
  expect(queue.Properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * Number(fn.Properties['Timeout']));
  const source = find('AWS::Lambda::EventSourceMapping', /InboundSes/);
  expect(source.Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], BatchSize: 1 });
  expect(find('AWS::SNS::Subscription', /InboundSes/).Properties).toMatchObject({ RawMessageDelivery: true });
});

test('grantReceive lets a program read the queue and the mail, and fails without a receiving provider', () => {
  const { stack: alone } = deploy();
  expect(() => alone.mailover.grantReceive({} as never)).toThrow(/no provider has `inbound`/);
});

test.each<[string, object, RegExp | undefined]>([
  ['all defaults', { key: 'a', type: 'postmark', options: {}, inbound: true }, undefined],
  [
    'every field',
    {
      key: 'a',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: {
        domains: ['in.example.com'],
        preference: 0,
        sourceRanges: ['10.0.0.0/8', '2001:db8::/32'],
        secretName: 'a/b',
      },
    },
    undefined,
  ],
  ['false', { key: 'a', type: 'postmark', options: {}, inbound: false }, /inbound/],
  ['an unknown field', { key: 'a', type: 'postmark', options: {}, inbound: { path: 'x' } }, /inbound/],
  ['a bad range', { key: 'a', type: 'postmark', options: {}, inbound: { sourceRanges: ['10.0.0.300/8'] } }, /inbound/],
  ['no ranges', { key: 'a', type: 'postmark', options: {}, inbound: { sourceRanges: [] } }, /inbound/],
  ['SMTP', { key: 'a', type: 'smtp', options: { host: 'mx.example.com' }, inbound: true }, /inbound/],
  [
    'Mailgun without domains',
    { key: 'a', type: 'mailgun', options: { domain: 'mg.example.com' }, inbound: { preference: 10 } },
    /inbound.domains: must name the domains that mail is received for, such as `\{ domains: \["in.example.com"\] \}`/,
  ],
  [
    'Mailgun by all defaults',
    { key: 'a', type: 'mailgun', options: { domain: 'mg.example.com' }, inbound: true },
    /inbound: must name the domains that mail is received for/,
  ],
  [
    'SES without recipients',
    { key: 'a', type: 'ses', options: { identities: ['example.com'] }, inbound: {} },
    /recipients/,
  ],
])('inbound with %s', (_, provider, problem) => {
  const validate = () => validateProviders([provider], definitions);
  if (problem) expect(validate).toThrow(problem);
  else expect(validate).not.toThrow();
});

test('two providers of type ses cannot both receive', () => {
  const ses = (key: string) => ({
    key,
    type: 'ses',
    options: { identities: ['example.com'] },
    inbound: { recipients: ['in.example.com'] },
  });
  expect(() => validateProviders([ses('a'), ses('b')], definitions)).toThrow(ConfigurationError);
});

test('each provider that receives has alarms of its own, and only a secondary one that of the secondary', () => {
  const names = Object.values(resources(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) =>
    String(Properties['AlarmName']),
  );
  const of = (title: string) => names.filter((name) => name.endsWith(`/${title}`));
  for (const title of ['InboundRefused', 'InboundUnreadable'])
    expect(of(title)).toEqual(['postmark', 'mailgun-eu', 'inbox'].map((key) => `Mailover/${key}/${title}`));
  for (const title of ['InboundFailures', 'InboundLate', 'InboundIncomplete', 'InboundIdReused'])
    expect(of(title)).toEqual(['postmark', 'mailgun-eu', 'ses-here', 'inbox'].map((key) => `Mailover/${key}/${title}`));
  for (const title of ['SecondaryMx', 'PrimaryMxSilent']) expect(of(title)).toEqual([`Mailover/postmark/${title}`]);
  expect(of('InboundUnknownPath')).toEqual([
    'Mailover/InboundUnknownPath',
    ...['postmark', 'mailgun-eu', 'inbox'].map((key) => `Mailover/${key}/InboundUnknownPath`),
  ]);
  for (const title of [
    'InboundErrors',
    'InboundTooLarge',
    'InboundThrottles',
    'InboundTurnedAway',
    'InboundWaiting',
    'InboundExpiring',
    'InboundSesDeadLetters',
  ])
    expect(of(title)).toEqual([`Mailover/${title}`]);
});

test('mail over the secondary alone differs from mail over both at any volume', () => {
  const { template: two } = deploy({
    providers: [
      { key: 'postmark', type: 'postmark', options: {}, inbound: { preference: 20 } },
      { key: 'best', type: 'postmark', options: {}, inbound: { preference: 10 } },
    ],
  });
  const [alarm] = Object.values(resources(two, 'AWS::CloudWatch::Alarm')).filter(
    ({ Properties }) => Properties['AlarmName'] === 'Mailover/postmark/PrimaryMxSilent',
  );
  const metrics = alarm?.Properties['Metrics'] as { Expression?: string }[];
  const text = metrics.find(({ Expression }) => Expression)?.Expression ?? '';
  const _ = undefined;
  const counts: Record<string, MathValue> = { taken0: [_, 1, _, _], again0: [_, _, 1, _], here: [1, 2, 3, _] };

  const value = compileMath(text).evaluate(
    { endings: [1, 2, 3, 4], periodSeconds: 3600 },
    (id) => counts[id] ?? [],
    () => [],
  );

  expect(value).toEqual([1, 0, 0, 0]);
  expect(alarm?.Properties).toMatchObject({ Threshold: 1, DatapointsToAlarm: 3, EvaluationPeriods: 3 });
});

test('every answer that the API gives in place of the receiver is counted, and none of the receiver', () => {
  const patterns = Object.values(resources(template, 'AWS::Logs::MetricFilter')).map(({ Properties }) =>
    String(Properties['FilterPattern']),
  );
  const turnedAway = patterns.find((pattern) => pattern.includes('429')) ?? '';

  expect([...turnedAway.matchAll(/\d{3}/g)].map(String)).toEqual(['429', '502', '503', '504']);
  for (const outcome of INBOUND_OUTCOMES) expect(turnedAway).not.toContain(String(httpAnswer(outcome).status));
});

test('every alarm of received mail has its section in the runbook', () => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  const titles = Object.values(resources(template, 'AWS::CloudWatch::Alarm'))
    .map(({ Properties }) => String(Properties['AlarmName']).split('/').at(-1) ?? '')
    .filter((title) => /^Inbound(?!Notice|Missed)|Mx(Silent)?$/.test(title));
  expect(new Set(titles).size).toBe(16);
  for (const title of titles) expect(runbook).toMatch(new RegExp(`^#+ ${title}$`, 'm'));
});
