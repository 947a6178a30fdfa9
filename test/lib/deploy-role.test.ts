import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACCOUNT, REGION } from '../deploy/account.ts';
import { allows, type Policy, type Request } from '../deploy/policy.ts';

const policyIn = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')) as Policy;
const role = policyIn('deploy-role.json');
const releases = policyIn('deploy-role-releases.json');

/** Largest number of characters in a managed policy, without white space (docs.aws.amazon.com/IAM, reference_iam-quotas, 2026-11-29). */
const MOST_CHARACTERS = 6_144;

it('is no larger than a policy may be', () => {
  for (const policy of [role, releases]) expect(JSON.stringify(policy).length).toBeLessThanOrEqual(MOST_CHARACTERS);
});

const own = (service: string, name: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
const REFUSED: readonly Request[] = [
  // The deployment role must not reach the mail, the addresses and the secrets of the deployment itself.
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
  // The deployment role must have no permission to change resources of other applications in the account.
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
  { action: 'codedeploy:DeleteApplication', resource: own('codedeploy', 'application:Shop') },
  { action: 'lambda:UpdateAlias', resource: own('lambda', 'function:Shop-Order:current') },
  // The deployment role must not make calls by which it could give itself more permissions.
  {
    action: 'iam:AttachRolePolicy',
    resource: `arn:aws:iam::${ACCOUNT}:role/Mailover-MailoverReleasesRole`,
    context: { 'iam:PolicyARN': ['arn:aws:iam::aws:policy/AdministratorAccess'] },
  },
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
  expect(allows([role, releases], request)).toBe(false);
});

const RELEASE_ROLE = `arn:aws:iam::${ACCOUNT}:role/Mailover-MailoverReleasesRole`;
it.each<Request>([
  {
    action: 'codedeploy:CreateDeployment',
    resource: own('codedeploy', 'deploymentgroup:Mailover-App/Mailover-Sender'),
  },
  { action: 'codedeploy:CreateApplication', resource: own('codedeploy', 'application:Mailover-MailoverReleases') },
  {
    action: 'codedeploy:GetDeploymentConfig',
    resource: own('codedeploy', 'deploymentconfig:CodeDeployDefault.LambdaCanary10Percent15Minutes'),
  },
  { action: 'lambda:PublishVersion', resource: own('lambda', 'function:Mailover-MailoverSender') },
  { action: 'lambda:UpdateAlias', resource: own('lambda', 'function:Mailover-MailoverSender:current') },
  {
    action: 'iam:AttachRolePolicy',
    resource: RELEASE_ROLE,
    context: { 'iam:PolicyARN': ['arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited'] },
  },
  { action: 'iam:PassRole', resource: RELEASE_ROLE, context: { 'iam:PassedToService': ['codedeploy.amazonaws.com'] } },
])('the second policy allows $action, which the first does not', (request) => {
  expect(allows([role], request)).toBe(false);
  expect(allows([releases], request)).toBe(true);
});
