import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { secretNameOf } from '../../lambda/contract/deployment.ts';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { AwsResource } from '../../lambda/providers/aws-permissions.ts';
import { definitionOf } from '../../lambda/providers/registry.ts';
import { deploymentName } from '../configuration/deployment-name.ts';

/** SQS actions that a Lambda function needs to read a queue through an event source mapping. */
export const CONSUME = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ChangeMessageVisibility',
];

/**
 * Returns the permissions of a function that sends through these providers: the permissions that the provider types need, and the
 * permission to read the secrets of the providers.
 */
export function providerStatements(scope: Construct, providers: readonly ProviderConfig[]): PolicyStatement[] {
  const stack = Stack.of(scope);
  return [
    ...sendPermissions(providers).map(
      ({ actions, resources, conditions }) =>
        new PolicyStatement({
          actions: [...actions],
          resources: resources.map((one) => arnOf(stack, one)),
          ...defined({ conditions }),
        }),
    ),
    ...secretStatements(scope, providers),
  ];
}

/**
 * Returns the permissions of a function that checks the health of these providers: the permissions that the provider types need,
 * and the permission to read the secrets of the providers.
 */
export function healthStatements(scope: Construct, providers: readonly ProviderConfig[]): PolicyStatement[] {
  const permissions = providers.flatMap(({ type, options }) => definitionOf(type).permissions?.health(options) ?? []);
  return [...regionalStatements(scope, permissions), ...secretStatements(scope, providers)];
}

/**
 * Returns the permissions to read and change the providers' own lists of suppressed addresses, and the reasons why these
 * permissions name no resource.
 */
export function ownListStatements(
  scope: Construct,
  providers: readonly ProviderConfig[],
): { readonly statements: readonly PolicyStatement[]; readonly reasons: readonly string[] } {
  const needing = providers.filter(({ type }) => definitionOf(type).permissions?.ownList !== undefined);
  const permissions = needing.flatMap(({ type, options }) => definitionOf(type).permissions?.ownList?.(options) ?? []);
  return { statements: regionalStatements(scope, permissions), reasons: healthReasons(needing) };
}

/**
 * Returns the statements for actions that cannot be limited to a resource. Instead, each statement is limited to the AWS regions
 * of the providers that need its actions.
 */
function regionalStatements(
  scope: Construct,
  permissions: readonly { readonly actions: readonly string[]; readonly region?: string | undefined }[],
): PolicyStatement[] {
  const { region: here } = Stack.of(scope);
  return [...Map.groupBy(permissions, ({ actions }) => actions.join(' ')).values()].map(
    (list) =>
      new PolicyStatement({
        actions: [...(list[0]?.actions ?? [])],
        resources: ['*'],
        conditions: {
          StringEquals: { 'aws:RequestedRegion': [...new Set(list.map(({ region }) => region ?? here))] },
        },
      }),
  );
}

/** An ARN with a wildcard that a permission contains, and the reason for the wildcard. */
interface Wildcard {
  readonly resource: string;
  readonly reason: string;
}

/** Returns the resources in {@link providerStatements} that contain a wildcard because their names are not known. */
export function sendWildcards(scope: Construct, providers: readonly ProviderConfig[]): readonly Wildcard[] {
  return providers.flatMap(({ type, options }) => {
    const { permissions } = definitionOf(type);
    const wide = permissions?.send(options).resources.filter((one) => typeof one === 'object' && one.name === '*');
    return (wide ?? []).map((one) => ({
      resource: arnOf(Stack.of(scope), one),
      reason: permissions?.anyResource ?? '',
    }));
  });
}

/**
 * Returns the reasons why {@link healthStatements} and {@link ownListStatements} have actions that are not limited to a resource:
 * one reason for each provider type with such actions.
 */
export function healthReasons(providers: readonly ProviderConfig[]): readonly string[] {
  return [...new Set(providers.flatMap(({ type }) => definitionOf(type).permissions?.noResource ?? []))];
}

function sendPermissions(providers: readonly ProviderConfig[]) {
  return providers.flatMap(({ type, options }) => definitionOf(type).permissions?.send(options) ?? []);
}

function arnOf(stack: Stack, one: AwsResource | string): string {
  if (typeof one === 'string') return one;
  const { service, region = stack.region, resource, name } = one;
  return stack.formatArn({ service, region, resource, resourceName: name });
}

function secretStatements(scope: Construct, providers: readonly ProviderConfig[]): PolicyStatement[] {
  const needing = providers.filter(({ type }) => definitionOf(type).secretFields.length > 0);
  const secrets = [...new Set(needing.map((provider) => secretNameOf(provider, deploymentName(scope))))];
  return secrets.length > 0 ? [secretStatement(Stack.of(scope), secrets)] : [];
}

/** Returns a permission for the items of the state table whose key matches one of the patterns in `keys`, such as `token/*`. */
export function tableStatement(
  { tableArn }: { readonly tableArn: string },
  actions: readonly TableAction[],
  keys: readonly string[],
): PolicyStatement {
  return keyedStatement({ tableArn }, actions, keys);
}

function keyedStatement(
  { tableArn }: { readonly tableArn: string },
  actions: readonly string[],
  keys: readonly string[],
): PolicyStatement {
  return new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] },
      // This condition is needed because the condition `ForAllValues` above is also true for a request without keys.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });
}

type TableAction = 'GetItem' | 'BatchGetItem' | 'PutItem';

/**
 * Returns a permission for the items of the lists table whose partition key matches one of the patterns in `lists`, such as
 * `event/*`.
 */
export function listsStatement(
  table: { readonly tableArn: string },
  actions: readonly ('PutItem' | 'DeleteItem' | 'Query')[],
  lists: readonly string[],
): PolicyStatement {
  return keyedStatement(table, actions, lists);
}

/** Returns the permission to read the secrets with these names. */
export function secretStatement(stack: Stack, names: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: names.map((name) =>
      stack.formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        // Secrets Manager appends a hyphen and six random characters to the name in every ARN.
        resourceName: `${name}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  });
}

/** Returns an ARN in the form that cdk-nag uses in the id of a finding: CloudFormation references are in angle brackets. */
export function nagName(scope: Construct, arn: string): string {
  return inWords(Stack.of(scope).resolve(arn));
}

type Resolved =
  | string
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly string[] }
  | { readonly 'Fn::Join': readonly [string, readonly Resolved[]] };

function inWords(value: Resolved): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`;
  const [separator, parts] = value['Fn::Join'];
  return parts.map(inWords).join(separator);
}
