import { ACCOUNT, REGION } from './account.ts';
import type { Inventory } from './inventory.ts';
import type { Request } from './policy.ts';

/**
 * A request, and the Lambda functions that may make it. `allowed` has their names: a logical id without `Mailover` at its start
 * and without `Function` and the hash at its end.
 */
export type Access = readonly [request: Request, allowed: readonly string[]];

const RECEIVES = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
const TAKES_APART = ['sqs:DeleteQueue', 'sqs:PurgeQueue', 'sqs:SetQueueAttributes', 'sqs:AddPermission'];
const OF_TABLES = ['DeleteItem', 'UpdateItem', 'DeleteTable', 'UpdateTable', 'PartiQLSelect', 'TransactWriteItems'];
const OWN_LIST = ['ListSuppressedDestinations', 'PutSuppressedDestination', 'DeleteSuppressedDestination'];
const OF_ACCOUNTS = [
  'iam:PassRole',
  'iam:PutRolePolicy',
  'sts:AssumeRole',
  'lambda:UpdateFunctionCode',
  'lambda:UpdateFunctionConfiguration',
  'lambda:InvokeFunction',
  'cloudformation:UpdateStack',
  'kms:ScheduleKeyDeletion',
  'logs:DeleteLogGroup',
  'sns:Publish',
  'ses:DeleteIdentity',
];

/**
 * Returns requests that could be abused, each with the functions that need it. The role of every other function must refuse the
 * request; this includes functions that are added later.
 */
export function accessOf({ outputs, functions }: Inventory): readonly Access[] {
  const queue = (output: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${outputs[output]?.split('/').at(-1)}`;
  const object = (key: string) => `arn:aws:s3:::${outputs['MailBucketName']}/${key}`;
  const table = (output: string) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${outputs[output]}`;
  const secret = (name: string) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`;
  const on = (actions: readonly string[], resource: string, allowed: readonly string[] = []): Access[] =>
    actions.map((action) => [{ action, resource }, allowed]);
  const item = (
    actions: readonly string[],
    key: string,
    allowed: readonly string[],
    output = 'StateTableName',
  ): Access[] =>
    actions.map((action) => [
      { action: `dynamodb:${action}`, resource: table(output), context: { 'dynamodb:LeadingKeys': [key] } },
      allowed,
    ]);
  const scan = (attributes: readonly string[], allowed: readonly string[]): Access => {
    const context = { 'dynamodb:Attributes': attributes, 'dynamodb:Select': ['SPECIFIC_ATTRIBUTES'] };
    return [{ action: 'dynamodb:Scan', resource: table('StateTableName'), context }, allowed];
  };
  const queues = Object.keys(outputs).filter((name) => /QueueUrl/.test(name));
  const identity = (address: string) => ({
    resource: `arn:aws:ses:${REGION}:${ACCOUNT}:identity/${address.split('@')[1]}`,
    context: { 'ses:FromAddress': [address], 'aws:RequestedRegion': [REGION] },
  });
  return [
    ...queues.flatMap((name) => on(TAKES_APART, queue(name))),
    ...queues.flatMap((name) => on(RECEIVES, queue(name), /^(Outbound|RetryQueueUrl)/.test(name) ? ['Sender'] : [])),
    ...on(['sqs:SendMessage'], queue('OutboundQueueUrl'), ['Health']),
    ...on(['sqs:GetQueueAttributes'], queue('DeadLetterQueueUrl')),
    ...on(['sqs:GetQueueAttributes'], queue('RetryQueueUrlpostmark'), ['Sender', 'Health']),
    ...on(['sqs:SendMessage'], queue('DeadLetterQueueUrl'), ['Sender']),
    ...on(['sqs:SendMessage'], queue('RetryQueueUrlpostmark'), ['Sender']),
    ...on(['sqs:SendMessage'], queue('EventsQueueUrl'), ['Sender', 'Events', 'Unsubscribe']),
    ...on(['sqs:SendMessage'], queue('InboundQueueUrl'), ['Inbound', 'Reconciler']),
    ...on(['sqs:SendMessage', 'sqs:ReceiveMessage'], `arn:aws:sqs:${REGION}:${ACCOUNT}:another-queue`),
    ...on(['s3:GetObject', 's3:PutObject'], object('submissions/a'), ['Sender']),
    ...on(['s3:PutObject'], object('inbound/a'), ['Inbound', 'Reconciler']),
    ...on(['s3:GetObject'], object('inbound/a')),
    ...on(['s3:GetObject'], object('inbound/ses/a'), ['Inbound']),
    ...on(['s3:GetObject', 's3:PutObject'], object('elsewhere/a')),
    ...on(['s3:DeleteObject'], object('submissions/a')),
    ...on(['s3:DeleteObject'], object('inbound/a')),
    ...on(['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::another-bucket/submissions/a'),
    ...on(['s3:ListBucket'], `arn:aws:s3:::${outputs['MailBucketName']}`, ['Sender']),
    ...on(['s3:PutBucketPolicy', 's3:DeleteBucket'], `arn:aws:s3:::${outputs['MailBucketName']}`),
    ...item(['GetItem'], 'submission/a', ['Sender', 'Events']),
    ...item(['PutItem'], 'submission/a', ['Sender']),
    ...item(['PutItem'], 'circuit/a', ['Sender']),
    ...item(['PutItem'], 'health/a', ['Health']),
    ...item(['PutItem'], 'switch/a', []),
    ...item(['GetItem'], 'switch/a', ['Sender', 'Health']),
    ...item(['PutItem'], 'inbound/a', ['Inbound', 'Reconciler']),
    ...item(['PutItem'], 'token/a', ['Inbound', 'Events']),
    ...item(['PutItem'], 'suppression/a', ['Events', 'Mirror']),
    ...item(['GetItem'], 'suppression/a', ['Sender', 'Events', 'Mirror']),
    ...item(['PutItem'], 'unsubscribed/a', ['Events', 'Unsubscribe', 'Mirror']),
    ...item(['GetItem'], 'unsubscribed/a', ['Sender', 'Events', 'Unsubscribe', 'Mirror']),
    ...item(['GetItem'], 'paused-classes', ['Sender', 'Health']),
    ...item(['PutItem'], 'paused-classes', ['Health']),
    ...item(['GetItem', 'PutItem'], 'another/a', []),
    ...item(['Query'], 'event/a', ['Sender', 'Events'], 'ListsTableName'),
    ...item(['PutItem'], 'event/a', ['Events'], 'ListsTableName'),
    ...item(['Query'], 'classes/1', ['Health'], 'ListsTableName'),
    ...item(['PutItem'], 'classes/1', ['Sender', 'Events'], 'ListsTableName'),
    ...item(['Query'], 'suppressing/a', ['Events', 'Mirror', 'Health'], 'ListsTableName'),
    ...item(['Query', 'DeleteItem'], 'suppressed/a', ['Mirror'], 'ListsTableName'),
    ...item(['PutItem'], 'suppressed/a', ['Events', 'Mirror'], 'ListsTableName'),
    ...item(['Query', 'PutItem', 'DeleteItem'], 'removing/a', ['Mirror'], 'ListsTableName'),
    ...item(['GetItem', 'PutItem', 'Query'], 'submission/a', [], 'ListsTableName'),
    // Requests without a partition key. A policy that allows only some partition keys must refuse them.
    ...on(['dynamodb:GetItem', 'dynamodb:PutItem'], table('StateTableName')),
    ...on(['dynamodb:Scan'], table('StateTableName')),
    scan(['pk', 'state'], ['DailyCount']),
    scan(['pk', 'state', 'from'], []),
    ...on(['dynamodb:Scan'], table('ListsTableName')),
    ...['StateTableName', 'ListsTableName'].flatMap((name) =>
      on(
        OF_TABLES.map((action) => `dynamodb:${action}`),
        table(name),
      ),
    ),
    ...on(['secretsmanager:GetSecretValue'], secret('Mailover/postmark'), ['Sender', 'Health', 'Reconciler', 'Mirror']),
    ...on(['secretsmanager:GetSecretValue'], secret('Mailover/own-mta'), ['Sender', 'Health']),
    ...on(['secretsmanager:GetSecretValue'], secret('Mailover/postmark/webhooks'), ['Inbound', 'Events', 'Reconciler']),
    ...on(['secretsmanager:GetSecretValue'], secret('Mailover/another')),
    ...on(['secretsmanager:GetSecretValue'], secret('Mailover')),
    ...on(['secretsmanager:PutSecretValue', 'secretsmanager:DeleteSecret'], secret('Mailover/postmark')),
    ...['ses:SendEmail', 'ses:SendRawEmail'].flatMap((action): Access[] => [
      [{ action, ...identity('a@example.com') }, ['Sender']],
      [{ action, ...identity('a@example.net') }, []],
    ]),
    ...[['GetAccount', 'Health'] as const, ...OWN_LIST.map((action) => [action, 'Mirror'] as const)].flatMap(
      ([action, allowed]): Access[] => [
        [{ action: `ses:${action}`, resource: '*', context: { 'aws:RequestedRegion': [REGION] } }, [allowed]],
        [{ action: `ses:${action}`, resource: '*', context: { 'aws:RequestedRegion': ['eu-west-1'] } }, []],
      ],
    ),
    ...OF_ACCOUNTS.map((action): Access => [{ action, resource: '*' }, []]),
    ...functions.flatMap(({ arn }) => on(['lambda:InvokeFunction', 'lambda:UpdateFunctionCode'], arn)),
  ];
}
