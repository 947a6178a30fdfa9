import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { expect, test } from 'vitest';
import type { ProviderList } from '../../../lambda/providers/registry.ts';
import { deploy, PROVIDERS, type Resource, resources } from '../deployment.ts';

const { template, stack } = deploy();
const queues = resources(template, 'AWS::SQS::Queue');
const mappings = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
const fn = Object.values(resources(template, 'AWS::Lambda::Function'))[0] as Resource;
const idOf = (url: string) => (stack.resolve(url) as { Ref: string }).Ref;
const { outbound, deadLetter, retry } = stack.mailover.queues;
const queue = (url: string) => queues[idOf(url)] as Resource;
const sending = PROVIDERS.filter((provider) => provider.outbound !== false).map(({ key }) => key);

test('every sending provider has a retry queue, and no other provider has one', () => {
  expect([...retry.keys()]).toEqual(sending);
  expect(Object.keys(queues)).toHaveLength(sending.length + 3);
});

test('the outbound queue and every retry queue redrive to the dead-letter queue', () => {
  for (const { queueUrl } of [outbound, ...retry.values()])
    expect(queue(queueUrl).Properties['RedrivePolicy']).toMatchObject({
      deadLetterTargetArn: { 'Fn::GetAtt': [idOf(deadLetter.queueUrl), 'Arn'] },
    });
});

test.each([
  ['the shortest deadline', [1_000]],
  ['one usual deadline', [10_000]],
  ['two providers', [10_000, 10_000]],
  ['the longest sum of all deadlines', Array.from({ length: 11 }, () => 60_000)],
])('SQS moves a message that is never processed after 24 hours, with %s', (_, deadlines) => {
  const providers = deadlines.map((deadlineMs, place): ProviderList[number] => ({
    key: `p${place}`,
    type: 'postmark',
    options: {},
    deadlineMs,
    connectMs: 500,
  }));
  const all = Object.values(resources(deploy({ providers }).template, 'AWS::SQS::Queue'));
  const fed = all.filter(({ Properties }) => Properties['RedrivePolicy'] !== undefined);

  expect(fed).toHaveLength(providers.length + 1);
  for (const { Properties } of fed) {
    const { maxReceiveCount } = Properties['RedrivePolicy'] as { maxReceiveCount: number };
    // The first receive happens immediately, without a visibility time-out before it.
    expect((maxReceiveCount - 1) * Number(Properties['VisibilityTimeout'])).toBeGreaterThanOrEqual(86_400);
    expect(maxReceiveCount).toBeLessThanOrEqual(1_000);
  }
});

test('every queue keeps messages for 14 days, the maximum of SQS', () => {
  for (const { Properties } of Object.values(queues)) expect(Properties['MessageRetentionPeriod']).toBe(14 * 86_400);
});

test('the function outlasts all attempt deadlines together, and visibility is at least six times its time-out', () => {
  // The deadline of an attempt is 15 s for one provider, and 10 s for each of the other five.
  const timeout = Number(fn.Properties['Timeout']);
  expect(timeout).toBeGreaterThan(15 + 5 * 10);
  for (const { queueUrl } of [outbound, ...retry.values()])
    expect(queue(queueUrl).Properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
});

test('every queue is encrypted and refuses requests without TLS', () => {
  const policies = Object.values(resources(template, 'AWS::SQS::QueuePolicy'));
  for (const [id, { Properties }] of Object.entries(queues)) {
    expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
    const policy = policies.find(({ Properties: { Queues } }) => JSON.stringify(Queues).includes(`"${id}"`));
    expect(policy?.Properties['PolicyDocument']).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Effect: 'Deny',
          Action: 'sqs:*',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]),
    });
  }
});

test('the outbound queue and each retry queue feed the one function, with partial failures and a bound', () => {
  const sources = [outbound, ...retry.values()].map(({ queueUrl }) => idOf(queueUrl));
  const fed = mappings.map(
    ({ Properties }) => (Properties['EventSourceArn'] as { 'Fn::GetAtt': string[] })['Fn::GetAtt'][0],
  );
  expect(fed.toSorted()).toEqual(sources.toSorted());
  for (const { Properties } of mappings) {
    expect(Properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    expect(Properties['BatchSize']).toBe(10);
    expect((Properties['ScalingConfig'] as { MaximumConcurrency: number }).MaximumConcurrency).toBeGreaterThanOrEqual(
      2,
    );
  }
  expect(fn.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
});

test('no queue, no object and no policy of theirs is deleted with the stack', () => {
  const kept = ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy'];
  const all = kept.flatMap((type) => Object.values(resources(template, type)));
  expect(all.length).toBeGreaterThan(2 * sending.length);
  for (const resource of all)
    expect(resource).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
});

test('resources that must not be replaced keep their logical ids', () => {
  const ids = ['AWS::SQS::Queue', 'AWS::S3::Bucket', 'AWS::Lambda::Function', 'AWS::IAM::Role'].flatMap((type) =>
    Object.keys(resources(template, type)),
  );
  // If an id changes here, the next deployment creates a new, empty queue, and leaves mail in the old queue.
  expect(ids).toMatchInlineSnapshot(`
    [
      "MailoverQueuesDeadLetter4D62693F",
      "MailoverQueuesOutbound92E03EDA",
      "MailoverQueuesRetrypostmarkCF82CEDA",
      "MailoverQueuesRetrymailgunusB5FD62E4",
      "MailoverQueuesRetrymailguneuCC688F88",
      "MailoverQueuesRetryseshere6C297FE8",
      "MailoverQueuesRetrysesirelandB115A027",
      "MailoverQueuesRetryownmtaB4D4C49E",
      "MailoverQueuesEvents14596DD5",
      "MailoverMailBucket024BF87A",
      "MailoverSenderFunction5345AC87",
      "MailoverHealthFunction1F354EEE",
      "MailoverDailyCountFunction448B99E9",
      "MailoverSenderRole43C19960",
      "MailoverHealthRoleFDEBB29C",
      "MailoverDailyCountRole117FE961",
    ]
  `);
});

test('every message of the outbound queue fits on a retry queue and the dead-letter queue with its attributes', () => {
  const sizes = Object.entries(resources(template, 'AWS::SQS::Queue')).map(
    ([id, { Properties }]) => [id.includes('Outbound'), Properties['MaximumMessageSize']] as const,
  );
  expect(sizes.filter(([outbound]) => outbound)).toEqual([[true, 1_048_576 - 16_384]]);
  expect(sizes.filter(([outbound, size]) => !outbound && size !== 1_048_576)).toEqual([]);
});

test('only the sender may send to a retry queue or the dead-letter queue, where attributes are trusted', () => {
  const { template, stack } = deploy({}, (one) => {
    const producer = new Role(one, 'Producer', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    one.mailover.grantSubmit(producer);
  });
  const { outbound, deadLetter, retry } = stack.mailover.queues;
  const guarded = [deadLetter, ...retry.values()].map(({ queueArn }) => JSON.stringify(stack.resolve(queueArn)));
  interface Statement {
    readonly Effect: string;
    readonly Action: string | string[];
    readonly Resource: unknown;
    readonly Principal?: unknown;
  }
  const statements = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::SQS::QueuePolicy'].flatMap((type) =>
    Object.entries(resources(template, type)).flatMap(([id, { Properties }]) =>
      (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement.map((one) => ({ ...one, id })),
    ),
  );
  const sends = statements.filter(
    ({ Effect, Action }) =>
      Effect === 'Allow' && [Action].flat().some((action) => /^(\*|sqs:(\*|Send.*))$/.test(action)),
  );
  const reaching = (arns: readonly string[]) =>
    sends.filter(({ Resource }) => arns.some((arn) => JSON.stringify(Resource).includes(arn)));

  expect(new Set(reaching(guarded).map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')))).toEqual(
    new Set(['MailoverSenderRoleDefaultPolicy']),
  );
  expect(sends.filter(({ Resource }) => JSON.stringify(Resource).includes('"*"'))).toEqual([]);
  // No queue policy allows any account to send messages.
  expect(sends.filter(({ Principal }) => Principal !== undefined)).toEqual([]);
  expect(
    reaching([JSON.stringify(stack.resolve(outbound.queueArn))]).map(({ id }) => id.replace(/[0-9A-F]{8}$/, '')),
  ).toEqual(['ProducerDefaultPolicy']);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
});
