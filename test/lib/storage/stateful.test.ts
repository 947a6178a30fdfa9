import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deploy, type Resource } from '../deployment.ts';

/** Types of resources with mail, state, or something that has to outlive the stack. */
const STATEFUL = new Set([
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::Lambda::EventSourceMapping',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::DynamoDB::GlobalTable',
  'AWS::SecretsManager::Secret',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
  'AWS::SES::ConfigurationSet',
]);

/** For each type of resource, the properties whose change replaces the resource. The deployment tests read the same file. */
const REPLACING: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(new URL('../../deploy/moto/replacement.json', import.meta.url), 'utf8'),
);

const { template } = deploy({
  providers: [
    { key: 'postmark', type: 'postmark', options: {}, events: true, inbound: { preference: 20 } },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'] },
    },
    {
      key: 'ses',
      type: 'ses',
      options: { identities: ['example.com'] },
      events: true,
      inbound: { recipients: ['in.example.com'] },
    },
    { key: 'sendgrid', type: 'sendgrid', options: {} },
    { key: 'own-mta', type: 'smtp', options: { host: 'mta.example.com' } },
  ],
});
const resources = Object.entries(template.toJSON()['Resources'] as Record<string, Resource>);

// If a logical id or a property changes here, a deployment replaces the resource, and leaves its mail or state behind. A reviewer
// sees such a change in the snapshot file. The change needs a section in CHANGELOG.md which says what an operator has to do.
test('logical ids, policies and replacing properties of what has mail or state are as committed', async () => {
  const found = Object.fromEntries(
    resources
      .filter(([, { Type }]) => STATEFUL.has(Type))
      .map(([id, resource]) => [id, replacement(resource)])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
  await expect(`${JSON.stringify(found, undefined, 2)}\n`).toMatchFileSnapshot('fixtures/stateful.json');
});

// With RetainExceptOnCreate, CloudFormation deletes a resource only if the stack operation that created this resource is rolled
// back. After every other stack operation the resource is retained (docs.aws.amazon.com, aws-attribute-deletionpolicy,
// 2026-11-29).
test('a first deployment that fails leaves nothing behind but the tables, which are protected', () => {
  const kept = resources.filter(([, { DeletionPolicy }]) => DeletionPolicy !== undefined);
  const isProtected = ({ Properties }: Resource) =>
    JSON.stringify(Properties ?? {}).includes('"DeletionProtectionEnabled":true');

  expect(kept.flatMap(([id, { DeletionPolicy }]) => (DeletionPolicy === 'RetainExceptOnCreate' ? [] : id))).toEqual([]);
  expect(resources.flatMap(([, resource]) => (isProtected(resource) ? resource.Type : []))).toEqual([
    'AWS::DynamoDB::GlobalTable',
    'AWS::DynamoDB::GlobalTable',
  ]);
});

test('no resource that is kept has a fixed name, with which the next deployment would conflict', () => {
  const names = /^(QueueName|BucketName|TableName|Name|LogGroupName|TopicName|AliasName)$/;
  const named = resources.filter(
    ([, { DeletionPolicy, Properties = {} }]) =>
      DeletionPolicy !== undefined && Object.keys(Properties).some((one) => names.test(one)),
  );

  expect(named.map(([id]) => id)).toEqual([]);
});

test('the replacing properties of every type of the template are known', () => {
  const unknown = resources.map(([, { Type }]) => Type).filter((type) => REPLACING[type] === undefined);
  expect([...new Set(unknown)]).toEqual([]);
});

function replacement({ Type, Properties = {}, DeletionPolicy, UpdateReplacePolicy }: Resource): object {
  const kept = Object.entries(Properties).filter(([name]) => REPLACING[Type]?.includes(name));
  const policies = { DeletionPolicy, UpdateReplacePolicy };
  return { Type, ...policies, ...(kept.length > 0 && { Properties: Object.fromEntries(kept) }) };
}
