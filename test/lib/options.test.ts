import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Stack } from 'aws-cdk-lib/core';
import { describe, expect, test } from 'vitest';
import type { ProviderList } from '../../lambda/providers/registry.ts';
import { ConfigurationError } from '../../lib/configuration/configuration-error.ts';
import { deploy, PROVIDERS, type Resource, resources } from './deployment.ts';

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';

/** A list of providers with which a stack has every resource that contains mail, addresses or state. */
const ALL = [
  { key: 'postmark', type: 'postmark', options: {}, events: true, inbound: true },
  {
    key: 'ses',
    type: 'ses',
    options: { identities: ['example.com'] },
    events: true,
    inbound: { recipients: ['in.example.com'] },
  },
] as const satisfies ProviderList;

/** For each type of resource, reads the property that names the KMS key. */
const KEY_OF: Readonly<Record<string, (properties: Resource['Properties']) => unknown>> = {
  'AWS::SQS::Queue': (it) => it['KmsMasterKeyId'],
  'AWS::S3::Bucket': (it) => it['BucketEncryption'],
  'AWS::DynamoDB::GlobalTable': (it) => (it['Replicas'] as { SSESpecification?: object }[])[0]?.SSESpecification,
  'AWS::SecretsManager::Secret': (it) => it['KmsKeyId'],
  'AWS::Logs::LogGroup': (it) => it['KmsKeyId'],
  'AWS::SNS::Topic': (it) => it['KmsMasterKeyId'],
};

describe('encryptionKey', () => {
  const { template, stack } = deploy({ providers: ALL, encryptionKey: (scope: Stack) => new Key(scope, 'OwnKey') });
  const own = resources(template, 'AWS::KMS::Key');
  const [[id, key] = []] = Object.entries(own).filter(([name]) => name.startsWith('OwnKey'));

  test.each(Object.keys(KEY_OF))('encrypts every %s, except the topics of the alarms', (type) => {
    const found = Object.entries(resources(template, type)).filter(([name]) => !/MonitoringTopics/.test(name));
    expect(found).not.toEqual([]);
    const without = found.filter(
      ([, { Properties }]) => !JSON.stringify(KEY_OF[type]?.(Properties) ?? '').includes(`${id}`),
    );
    expect(without.map(([name]) => name)).toEqual([]);
  });

  test('is not that of the alarms, which report that it is disabled', () => {
    const topics = Object.entries(resources(template, 'AWS::SNS::Topic')).filter(([name]) =>
      /MonitoringTopics/.test(name),
    );
    expect(topics).toHaveLength(2);
    for (const [, { Properties }] of topics)
      expect(JSON.stringify(Properties['KmsMasterKeyId'])).not.toContain(`${id}`);
  });

  test('may be used by SNS, SES, EventBridge and CloudWatch Logs, each for this account only', () => {
    const { Statement } = (key as Resource).Properties['KeyPolicy'] as {
      Statement: { Principal: { Service?: string | string[] }; Condition?: unknown }[];
    };
    const services = Statement.filter(({ Condition }) => Condition).flatMap(({ Principal }) => Principal.Service ?? []);
    expect(services.toSorted()).toEqual(
      ['events', 'logs.us-east-1', 'ses', 'sns'].map((service) => `${service}.amazonaws.com`),
    );
  });

  test('may be used by each function, over the services that it calls only', () => {
    const policies = Object.values(resources(template, 'AWS::IAM::Policy'));
    expect(policies.length).toBeGreaterThan(4);
    for (const { Properties } of policies)
      expect((Properties['PolicyDocument'] as { Statement: object[] }).Statement).toContainEqual(
        expect.objectContaining({
          Action: expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']),
          Resource: { 'Fn::GetAtt': [id, 'Arn'] },
          Condition: { StringEquals: { 'kms:ViaService': expect.arrayContaining(['sqs.us-east-1.amazonaws.com']) } },
        }),
      );
  });

  test('of another app keeps its policy, and a warning names what it needs', () => {
    expect(() => Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('encryptionKey'))).toThrow();
    const elsewhere = deploy({ providers: ALL, encryptionKey: (scope: Stack) => Key.fromKeyArn(scope, 'OwnKey', ARN) });
    Annotations.fromStack(elsewhere.stack).hasWarning('*', Match.stringLikeRegexp('encryptionKey: the policy'));
    for (const { Properties } of Object.values(resources(elsewhere.template, 'AWS::SQS::Queue')))
      expect(Properties['KmsMasterKeyId']).toBe(ARN);
  });
});

describe('vpc', () => {
  const withVpc = (kind: SubnetType, providers: ProviderList = PROVIDERS) =>
    deploy({
      providers,
      vpc: (scope: Stack) =>
        new Vpc(scope, 'Vpc', {
          natGateways: kind === SubnetType.PRIVATE_WITH_EGRESS ? 1 : 0,
          subnetConfiguration: [
            { name: 'public', subnetType: SubnetType.PUBLIC },
            ...(kind === SubnetType.PUBLIC ? [] : [{ name: 'own', subnetType: kind }]),
          ],
        }),
      vpcSubnets: { subnetType: kind },
    });
  const onlySes: ProviderList = [{ key: 'ses', type: 'ses', options: { identities: ['example.com'] } }];

  test('has every function in its subnets, whose code may not make network interfaces', () => {
    const { template, stack } = withVpc(SubnetType.PRIVATE_WITH_EGRESS, ALL);
    const own = Object.entries(resources(template, 'AWS::Lambda::Function')).filter(([id]) =>
      id.startsWith('Mailover'),
    );
    expect(own.length).toBeGreaterThan(4);
    for (const [, { Properties }] of own)
      expect(Properties['VpcConfig']).toMatchObject({
        SubnetIds: expect.arrayContaining([{ Ref: expect.stringMatching(/^VpcownSubnet/) }]),
      });
    const effects = Object.entries(resources(template, 'AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('Mailover'))
      .map(([, { Properties }]) => JSON.stringify(Properties).match(/ec2:CreateNetworkInterface/g)?.length);
    expect(new Set(effects)).toEqual(new Set([2]));
    Annotations.fromStack(stack).hasInfo('*', Match.stringLikeRegexp('32.85 \\$ a month for each NAT gateway'));
  });

  test('is refused with public subnets, where a function cannot reach providers', () => {
    expect(() => withVpc(SubnetType.PUBLIC)).toThrow(/vpcSubnets: .* is public/);
  });

  test('is refused without a way to the providers, which it names', () => {
    expect(() => withVpc(SubnetType.PRIVATE_ISOLATED)).toThrow(
      /no route to the internet, and postmark, mailgun-us, .* NAT gateway/,
    );
  });

  test('without a way out suits SES only, and says what the endpoints cost', () => {
    const { stack } = withVpc(SubnetType.PRIVATE_ISOLATED, onlySes);
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('interface endpoints .*7.30 \\$'));
  });

  test('without private subnets is refused', () => {
    const vpc = (scope: Stack) =>
      new Vpc(scope, 'Vpc', {
        natGateways: 0,
        subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      });
    expect(() => deploy({ vpc })).toThrow(ConfigurationError);
    expect(() => deploy({ vpcSubnets: {} })).toThrow(/vpcSubnets: needs `vpc`/);
  });
});

test('an existing bucket and table are used in place of new ones', () => {
  const { template, stack } = deploy({
    providers: ALL,
    mailBucket: (scope: Stack) => Bucket.fromBucketName(scope, 'OwnBucket', 'our-mail'),
    stateTable: (scope: Stack) => Table.fromTableName(scope, 'OwnTable', 'our-state'),
  });

  expect(resources(template, 'AWS::S3::Bucket')).toEqual({});
  expect(Object.keys(resources(template, 'AWS::DynamoDB::GlobalTable'))).toEqual([expect.stringMatching(/ListsTable/)]);
  expect(stack.resolve(stack.mailover.mailBucket.bucketName)).toBe('our-mail');
  const roles = JSON.stringify(resources(template, 'AWS::IAM::Policy'));
  expect(roles).toContain(':s3:::our-mail/submissions/*');
  expect(roles).toContain(':table/our-state');
});
