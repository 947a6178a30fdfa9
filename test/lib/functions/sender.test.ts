import { Duration } from 'aws-cdk-lib/core';
import { expect, test } from 'vitest';
import { senderEnvironment } from '../../../lambda/contract/environment.ts';
import { deploy, evaluate, listOf, PROVIDERS, type Resource, resources } from '../deployment.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const { template, stack } = deploy();
const { queues, mailBucket, stateTable, proofKey } = stack.mailover;
const fn = Object.values(resources(template, 'AWS::Lambda::Function'))[0] as Resource;
const policy = Object.values(resources(template, 'AWS::IAM::Policy'))[0] as Resource;
const statements = (policy.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
const allowing = (action: string) => statements.filter(({ Action }) => listOf(Action).includes(action));
const resourcesOf = (action: string) => allowing(action).flatMap(({ Resource }) => listOf(Resource));
const arnsOf = (...list: { queueArn: string }[]) => list.map(({ queueArn }) => stack.resolve(queueArn) as unknown);

/**
 * This test evaluates intrinsic functions as CloudFormation does: a reference becomes the logical id of its resource, and a
 * partition becomes `aws`.
 */
test('the sender decodes what the deployment encodes', () => {
  const { Variables } = fn.Properties['Environment'] as { Variables: Record<string, unknown> };
  const decoded = senderEnvironment.decode(
    Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, evaluate(value)])),
  );
  const id = (url: string) => evaluate(stack.resolve(url));
  expect(decoded).toEqual({
    providers: PROVIDERS.filter(({ outbound }) => outbound !== false),
    outboundQueueArn: id(queues.outbound.queueArn),
    deadLetterQueueUrl: id(queues.deadLetter.queueUrl),
    eventsQueueUrl: id(queues.events.queueUrl),
    retryQueueUrls: Object.fromEntries([...queues.retry].map(([key, { queueUrl }]) => [key, id(queueUrl)])),
    mailBucket: id(mailBucket.bucketName),
    proofSecret: id(proofKey.secretArn),
    stateTable: id(stateTable.tableName),
    maxReceiveCount: 171,
    // There are fifty workers for new mail, and five for each retry queue.
    workers: 50 + 5 * queues.retry.size,
  });
});

test('it runs on Node 24 and arm64, and logs to a group with a retention', () => {
  expect(fn.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
  const [logs] = Object.values(resources(template, 'AWS::Logs::LogGroup'));
  expect(logs?.Properties['RetentionInDays']).toBe(90);
});

test('it receives from its source queues and sends to the queues that mail may move to, and to no other', () => {
  const { outbound, deadLetter, events, retry } = queues;
  const receives = resourcesOf('sqs:ReceiveMessage');
  expect(receives).toHaveLength(retry.size + 1);
  expect(receives).toEqual(expect.arrayContaining(arnsOf(outbound, ...retry.values())));
  const sends = resourcesOf('sqs:SendMessage');
  expect(sends).toHaveLength(retry.size + 2);
  expect(sends).toEqual(expect.arrayContaining(arnsOf(deadLetter, events, ...retry.values())));
});

test('no statement has a wildcard, except for the objects under one prefix of the bucket and an unnamed configuration set', () => {
  const wild = statements.flatMap(({ Action, Resource }) =>
    [...listOf(Action), ...listOf(Resource)].map(evaluate).filter((text) => text.includes('*')),
  );
  const bucket = evaluate(stack.resolve(mailBucket.bucketArn));
  expect(wild.toSorted()).toEqual(
    [`${bucket}/submissions/*`, 'arn:aws:ses:us-east-1:123456789012:configuration-set/*'].toSorted(),
  );
  expect(allowing('s3:GetObject').map(({ Action }) => Action)).toEqual([['s3:GetObject', 's3:PutObject']]);
});

test('it reads the proof key, the secrets of its providers by name, and none of a provider that only receives', () => {
  const prefix = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:';
  expect(resourcesOf('secretsmanager:GetSecretValue').map(evaluate).toSorted()).toEqual(
    [
      evaluate(stack.resolve(proofKey.secretArn)),
      ...['eu/mailgun', 'Mailover/mailgun-us', 'Mailover/own-mta', 'Mailover/postmark'].map(
        (name) => `${prefix}${name}-??????`,
      ),
    ].toSorted(),
  );
});

test('two SES regions have their own identities and From addresses', () => {
  const found = allowing('ses:SendEmail').map(({ Action, Resource, Condition }) => ({
    Action,
    Resource: listOf(Resource).map(evaluate),
    Condition,
  }));
  const Action = ['ses:SendEmail', 'ses:SendRawEmail'];
  const from = (patterns: string[]) => ({ StringLike: { 'ses:FromAddress': patterns } });
  const arn = (region: string, name: string) => `arn:aws:ses:${region}:123456789012:${name}`;
  expect(found).toHaveLength(2);
  expect(found).toContainEqual({
    Action,
    Resource: ['configuration-set/*', 'identity/example.com'].map((name) => arn('us-east-1', name)),
    Condition: from(['*@example.com', '*@*.example.com']),
  });
  expect(found).toContainEqual({
    Action,
    Resource: ['identity/example.com', 'identity/shop@example.org', 'configuration-set/mailover']
      .map((name) => arn('eu-west-1', name))
      .toSorted(),
    Condition: from(['*@example.com', '*@*.example.com', 'shop@example.org']),
  });
});

test('the template holds no secret and reads none at deployment', () => {
  const text = JSON.stringify(template.toJSON());
  expect(text).not.toMatch(/\{\{resolve:|apiKey|serverToken|password/i);
  const secrets = Object.values(resources(template, 'AWS::SecretsManager::Secret'));
  // CloudFormation generates the only secret at the deployment.
  expect(secrets.map(({ Properties }) => Properties['SecretString'])).toEqual([undefined]);
  expect(secrets[0]?.Properties['GenerateSecretString']).toEqual({
    SecretStringTemplate: '{}',
    GenerateStringKey: 'key',
    ExcludePunctuation: true,
  });
});

test('the bucket is private, encrypted, unversioned, and expires its objects after the last retry', () => {
  template.hasResourceProperties('AWS::S3::Bucket', {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: 30 }] },
  });
  expect(JSON.stringify(resources(template, 'AWS::S3::Bucket'))).not.toContain('VersioningConfiguration');
});

test('objects are kept for at least 28 days, the longest wait of a message on its queue and the dead-letter queue', () => {
  const days = (expiration: Duration) => {
    const rules = deploy({ mailExpiration: expiration }).template.findResources('AWS::S3::Bucket');
    return JSON.stringify(rules).match(/"ExpirationInDays":(\d+)/)?.[1];
  };

  expect(days(Duration.days(28))).toBe('28');
  expect(() => days(Duration.days(27))).toThrow(
    /^the configuration is wrong:\n\s*mailExpiration: given 27 days; it must be at least 28/,
  );
  expect(() => days(Duration.hours(671))).toThrow(/mailExpiration: given 27\.9\d* days/);
});

test('the outputs name every queue, the bucket, the table, the dashboard and the stage', () => {
  expect(Object.keys(template.findOutputs('*')).toSorted()).toEqual(
    [
      'DashboardUrl',
      'DeadLetterQueueUrl',
      'EventsQueueUrl',
      'ListsTableName',
      'MailBucketName',
      'OutboundQueueUrl',
      'RetryQueueUrlmailgunDasheu',
      'RetryQueueUrlmailgunDashus',
      'RetryQueueUrlownDashmta',
      'RetryQueueUrlpostmark',
      'RetryQueueUrlsesDashhere',
      'RetryQueueUrlsesDashireland',
      'Stage',
      'StateTableName',
    ].toSorted(),
  );
});
