import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACCOUNT, REGION } from '../deploy/account.ts';
import { allows, type Policy, type Request } from '../deploy/policy.ts';

const FILE = join(import.meta.dirname, '../../docs/deploy-role.json');
const role = JSON.parse(readFileSync(FILE, 'utf8')) as Policy;

/** Size of a managed policy, without white space (docs.aws.amazon.com/IAM, reference_iam-quotas, 2026-11-29). */
const MOST_CHARACTERS = 6_144;

it('is no larger than a policy may be', () => {
  expect(JSON.stringify(role).length).toBeLessThanOrEqual(MOST_CHARACTERS);
});

const own = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
const REFUSED: readonly Request[] = [
  // Mail, addresses and secrets of the deployment itself.
  ...['ReceiveMessage', 'SendMessage', 'DeleteMessage', 'PurgeQueue'].map((action) => ({
    action: `sqs:${action}`,
    resource: own('sqs', 'Mailover-MailoverQueuesOutbound'),
  })),
  ...['GetItem', 'PutItem', 'Scan', 'Query', 'DeleteItem'].map((action) => ({
    action: `dynamodb:${action}`,
    resource: own('dynamodb', 'table/Mailover-MailoverStateTable'),
  })),
  ...['GetObject', 'PutObject', 'DeleteObject'].map((action) => ({
    action: `s3:${action}`,
    resource: 'arn:aws:s3:::mailover-mailovermailbucket/submissions/a',
  })),
  ...['Mailover/postmark', 'MailoverProofKey'].map((name) => ({
    action: 'secretsmanager:GetSecretValue',
    resource: own('secretsmanager', `secret:${name}-AbCdEf`),
  })),
  { action: 'secretsmanager:DeleteSecret', resource: own('secretsmanager', 'secret:Mailover/postmark-AbCdEf') },
  { action: 'logs:GetLogEvents', resource: own('logs', 'log-group:Mailover-MailoverSenderLog') },
  { action: 'lambda:InvokeFunction', resource: own('lambda', 'function:Mailover-MailoverSender') },
  { action: 'kms:Decrypt', resource: own('kms', 'key/a') },
  { action: 'sns:Publish', resource: own('sns', 'Mailover-Page') },
  // What belongs to others.
  { action: 'sqs:DeleteQueue', resource: own('sqs', 'Shop-Orders') },
  { action: 'dynamodb:DeleteTable', resource: own('dynamodb', 'table/Shop') },
  { action: 's3:PutBucketPolicy', resource: 'arn:aws:s3:::shop' },
  { action: 'lambda:UpdateFunctionCode', resource: own('lambda', 'function:Shop-Order') },
  { action: 'events:PutTargets', resource: own('events', 'rule/Shop') },
  { action: 'pipes:UpdatePipe', resource: own('pipes', 'pipe/Shop') },
  { action: 'kms:PutKeyPolicy', resource: own('kms', 'key/a') },
  { action: 'cloudwatch:DeleteAlarms', resource: own('cloudwatch', 'alarm:Shop/Orders') },
  {
    action: 'lambda:DeleteEventSourceMapping',
    resource: own('lambda', 'event-source-mapping:a'),
    context: { 'lambda:FunctionArn': [own('lambda', 'function:Shop-Order')] },
  },
  // Ways to more permissions.
  { action: 'iam:CreateUser', resource: `arn:aws:iam::${ACCOUNT}:user/Mailover-a` },
  { action: 'iam:CreateRole', resource: `arn:aws:iam::${ACCOUNT}:role/Admin` },
  { action: 'iam:PutRolePolicy', resource: `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role` },
  { action: 'iam:AttachRolePolicy', resource: `arn:aws:iam::${ACCOUNT}:role/Mailover-MailoverSenderRole` },
  { action: 'iam:CreatePolicyVersion', resource: `arn:aws:iam::${ACCOUNT}:policy/deploy-mailover` },
  {
    action: 'iam:PassRole',
    resource: `arn:aws:iam::${ACCOUNT}:role/Mailover-MailoverSenderRole`,
    context: { 'iam:PassedToService': ['ec2.amazonaws.com'] },
  },
  ...[
    'sts:AssumeRole',
    'ec2:RunInstances',
    'ses:SendEmail',
    'ses:CreateEmailIdentity',
    'cloudformation:CreateStack',
  ].map((action) => ({ action, resource: '*' })),
];

it.each(REFUSED)('refuses $action on $resource', (request) => {
  expect(allows([role], request)).toBe(false);
});
