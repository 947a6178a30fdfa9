import { defined } from '../../lambda/platform/defined.ts';
import { ACCOUNT, type Call } from './account.ts';
import type { Request } from './policy.ts';
import { arn, bodyOf, operation } from './requests.ts';

/**
 * Returns the permissions that IAM checks when CloudFormation makes this API call: actions on resources. Source: service
 * authorization reference, 2026-11-29.
 *
 * @throws Error if this function does not know the call, so that no call stays unchecked
 */
export function deploymentRequestsOf(call: Call): readonly Request[] {
  const read = SERVICES[call.service];
  if (read === undefined) throw new Error(`no rule for a call of ${call.service}: ${call.method} ${call.path}`);
  return read(call);
}

const SERVICES: Readonly<Record<string, (call: Call) => Request[]>> = {
  sqs: (call) =>
    named(
      call,
      'sqs',
      'sqs',
      String(field(call, 'QueueName', 'QueueUrl'))
        .split('/')
        .at(-1),
    ),
  dynamodb: (call) => named(call, 'dynamodb', 'dynamodb', `table/${field(call, 'TableName', 'ResourceArn')}`),
  secretsmanager(call) {
    const name = field(call, 'Name', 'SecretId');
    if (name === undefined) return anywhere(call, 'secretsmanager');
    const resource = name.startsWith('arn:') ? name : arn(call, 'secretsmanager', `secret:${name}-AbCdEf`);
    return [{ action: `secretsmanager:${operation(call)}`, resource }];
  },
  kms(call) {
    const key = field(call, 'KeyId')?.split('/').at(-1);
    if (key === undefined) return anywhere(call, 'kms');
    return named(call, 'kms', 'kms', `key/${key}`, { 'aws:ResourceTag/aws:cloudformation:stack-name': ['Mailover'] });
  },
  logs(call) {
    const group = field(call, 'logGroupName');
    return group === undefined ? anywhere(call, 'logs') : named(call, 'logs', 'logs', `log-group:${group}`);
  },
  events: (call) => named(call, 'events', 'events', `rule/${field(call, 'Name', 'Rule')}`),
  iam: (call) => [
    { action: `iam:${operation(call)}`, resource: `arn:aws:iam::${ACCOUNT}:role/${field(call, 'RoleName')}` },
  ],
  sns(call) {
    const topic = field(call, 'TopicArn', 'SubscriptionArn') ?? arn(call, 'sns', field(call, 'Name'));
    return [{ action: `sns:${operation(call)}`, resource: topic }];
  },
  monitoring(call) {
    const resources = [...call.body.matchAll(/Mailover\/[\w/-]+/g)].map(([name]) =>
      arn(call, 'cloudwatch', `alarm:${name}`),
    );
    const action = `cloudwatch:${operation(call)}`;
    if (/Dashboard/.test(action))
      return [
        {
          action,
          resource: `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${field(call, 'DashboardName', 'DashboardNames')}`,
        },
      ];
    // The first name in the body is the name of the alarm itself. Later names, in texts and alarm rules, are those of other
    // alarms.
    return resources.slice(0, 1).map((resource) => ({ action, resource }));
  },
  apigateway: ({ method, path, region }) => [
    { action: `apigateway:${method}`, resource: `arn:aws:apigateway:${region}::${path.replace(/^\/v2/, '')}` },
  ],
  ses(call) {
    const set = /^\/v2\/email\/configuration-sets(?:\/([^/]+))?/.exec(call.path);
    if (set === null) return anywhere(call, 'ses');
    const name = set[1] ?? field(call, 'ConfigurationSetName');
    const verb = { POST: 'Create', PUT: 'Update', DELETE: 'Delete' }[call.method];
    return [{ action: `ses:${verb}ConfigurationSet`, resource: arn(call, 'ses', `configuration-set/${name}`) }];
  },
  pipes(call) {
    const name = call.path.split('/').at(-1);
    const verb = { POST: 'Create', PUT: 'Update', DELETE: 'Delete' }[call.method];
    const role = field(call, 'RoleArn');
    return [
      { action: `pipes:${verb}Pipe`, resource: arn(call, 'pipes', `pipe/${name}`) },
      ...(role ? [passing(role, 'pipes')] : []),
    ];
  },
  ec2: (call) => anywhere(call, 'ec2'),
  s3({ method, path, query }) {
    const [kind = ''] = query.split('&');
    const action = BUCKET_ACTIONS[`${method} ${kind.replace(/=$/, '')}`];
    if (action === undefined) throw new Error(`no rule for ${method} ${path}?${query}`);
    return [{ action: `s3:${action}`, resource: `arn:aws:s3:::${path.slice(1).replace(/\/$/, '')}` }];
  },
  lambda(call) {
    const [, , collection, given, ...rest] = decodeURIComponent(call.path).split('/');
    const name = (given || field(call, 'FunctionName') || '').split(':').at(-1);
    const action = LAMBDA_ACTIONS[`${call.method} ${[collection, ...rest.slice(0, 1)].join('/')}`];
    if (action === undefined) throw new Error(`no rule for ${call.method} ${call.path}`);
    if (collection === 'event-source-mappings') {
      // When an event source mapping is changed or deleted, the call may not name its function, but Lambda knows it. It is always
      // a function of the stack, so any name of this form serves here.
      const target = field(call, 'FunctionName')?.split(':').at(-1) ?? 'Mailover-Function';
      const context = { 'lambda:FunctionArn': [arn(call, 'lambda', `function:${target}`)] };
      return [{ action, resource: arn(call, 'lambda', `event-source-mapping:${given || '*'}`), context }];
    }
    const role = field(call, 'Role');
    return [{ action, resource: arn(call, 'lambda', `function:${name}`) }, ...(role ? [passing(role, 'lambda')] : [])];
  },
};

const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  'PUT ': 'CreateBucket',
  'DELETE ': 'DeleteBucket',
  'PUT publicAccessBlock': 'PutBucketPublicAccessBlock',
  'PUT encryption': 'PutEncryptionConfiguration',
  'PUT ownershipControls': 'PutBucketOwnershipControls',
  'PUT lifecycle': 'PutLifecycleConfiguration',
  'PUT policy': 'PutBucketPolicy',
  'DELETE policy': 'DeleteBucketPolicy',
};

const LAMBDA_ACTIONS: Readonly<Record<string, string>> = {
  'POST functions': 'lambda:CreateFunction',
  'DELETE functions': 'lambda:DeleteFunction',
  'PUT functions/code': 'lambda:UpdateFunctionCode',
  'PUT functions/configuration': 'lambda:UpdateFunctionConfiguration',
  'PUT functions/concurrency': 'lambda:PutFunctionConcurrency',
  'DELETE functions/concurrency': 'lambda:DeleteFunctionConcurrency',
  'PUT functions/event-invoke-config': 'lambda:PutFunctionEventInvokeConfig',
  'POST functions/policy': 'lambda:AddPermission',
  'DELETE functions/policy': 'lambda:RemovePermission',
  'POST event-source-mappings': 'lambda:CreateEventSourceMapping',
  'PUT event-source-mappings': 'lambda:UpdateEventSourceMapping',
  'DELETE event-source-mappings': 'lambda:DeleteEventSourceMapping',
};

/** Returns the permission `iam:PassRole`: a caller that gives a role to an AWS service needs it. */
function passing(role: string, service: string): Request {
  return { action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': [`${service}.amazonaws.com`] } };
}

function named(
  call: Call,
  prefix: string,
  service: string,
  name: string | undefined,
  context?: Request['context'],
): Request[] {
  return [{ action: `${prefix}:${operation(call)}`, resource: arn(call, service, name), ...defined({ context }) }];
}

function anywhere(call: Call, prefix: string): Request[] {
  return [{ action: `${prefix}:${operation(call)}`, resource: '*' }];
}

/** Returns the value of the first of these fields that is in the body of a call. The body may be JSON or a form. */
function field(call: Call, ...names: readonly string[]): string | undefined {
  const form = call.body.startsWith('{') ? undefined : new URLSearchParams(call.body);
  for (const name of names) {
    const value = form ? (form.get(name) ?? form.get(`${name}.member.1`)) : call.body && bodyOf(call)[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
