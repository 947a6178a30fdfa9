import type { StackTemplate } from './assembly.ts';
import type { ResourceNames } from './intrinsics.ts';
import { ACCOUNT, REGION } from './names.ts';

const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::SQS::Queue': 'QueueName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::CompositeAlarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::SNS::Topic': 'TopicName',
};

const ARN: Readonly<Record<string, (name: string) => string>> = {
  'AWS::SQS::Queue': (name) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
  'AWS::DynamoDB::Table': (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  'AWS::DynamoDB::GlobalTable': (name) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  'AWS::SecretsManager::Secret': (name) => `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}`,
  'AWS::CloudWatch::Alarm': alarmArn,
  'AWS::CloudWatch::CompositeAlarm': alarmArn,
  'AWS::SNS::Topic': (name) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`,
};

function alarmArn(name: string): string {
  return `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${name}`;
}

/**
 * Returns the names of a stack's resources by logical id. A name that is not in the template is derived from the output that
 * refers to the resource, or otherwise from the logical id.
 */
export function nameResources(stack: StackTemplate): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [logicalId, { Type, Properties }] of Object.entries(stack.resources)) {
    const own = Properties?.[NAME_PROPERTY[Type] ?? ''];
    const derived = fromOutput(stack, logicalId) ?? kebab(logicalId.replace(/[0-9A-F]{8}$/, ''));
    let name = typeof own === 'string' ? own : `mailover-${derived.replace(/^mailover-/, '')}`;
    if (taken.has(name)) name = `mailover-${kebab(logicalId)}`;
    taken.add(name);
    names.set(logicalId, name);
  }
  return names;
}

/** Base URLs of the local services. */
export interface Origins {
  readonly aws: string;
  readonly http: string;
}

/** Returns the results of `Ref` and `Fn::GetAtt` for a resource: names, URLs and ARNs. */
export function resourceNames(type: string, name: string, origins: Origins): ResourceNames {
  const arn = ARN[type]?.(name) ?? `arn:aws:local:${REGION}:${ACCOUNT}:${name}`;
  const url = `${origins.aws}/${ACCOUNT}/${name}`;
  if (type === 'AWS::SQS::Queue') return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  if (type === 'AWS::SecretsManager::Secret') return { ref: arn, attributes: { Id: arn } };
  if (type === 'AWS::SNS::Topic') return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  if (type === 'AWS::ApiGatewayV2::Api') return { ref: name, attributes: { ApiId: name, ApiEndpoint: origins.http } };
  return { ref: name, attributes: { Arn: arn } };
}

/**
 * Returns the name of a resource that is derived from the name of the output that refers to the resource. For an output
 * `OutboundQueueUrl` the name is `outbound`, and for `MailBucketName` it is `mail`.
 */
function fromOutput({ outputs }: StackTemplate, logicalId: string): string | undefined {
  for (const [output, { Value }] of Object.entries(outputs)) {
    if (typeof Value !== 'object' || Value === null || !('Ref' in Value) || Value.Ref !== logicalId) continue;
    // Names of outputs are alphanumeric. Therefore each hyphen in a provider's key is written as `Dash` in the name of an output.
    return kebab(output.replace(/QueueUrl|BucketName|TableName/, '-').replaceAll('Dash', '-'));
  }
  return undefined;
}

function kebab(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split('-')
    .filter(Boolean)
    .join('-');
}
