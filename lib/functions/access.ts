import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitions } from '../../lambda/providers/registry.ts';

/** SQS actions of a Lambda event source. */
export const CONSUME = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ChangeMessageVisibility',
];

/** Permissions of a function that sends through these providers: SES and their secrets. */
export function providerStatements(scope: Construct, providers: readonly ProviderConfig[]): PolicyStatement[] {
  const stack = Stack.of(scope);
  const secrets = [...new Set(providers.map(secretName).filter((name) => name !== undefined))];
  return [
    ...providers.flatMap((provider) => (provider.type === 'ses' ? [sesStatement(stack, provider)] : [])),
    ...(secrets.length > 0 ? [secretStatement(stack, secrets)] : []),
  ];
}

/** Name of the secret that holds the provider's credentials; absent if its type authenticates by the role of the function. */
function secretName({ key, type, secretName }: ProviderConfig): string | undefined {
  // The sender finds the secret's name by the same rule.
  return secretName ?? (definitions[type].secretFields.length > 0 ? `mailover/${key}` : undefined);
}

/**
 * Permissions of a function that checks these providers' health: read their secrets, and call SES in their regions.
 * GetAccount has no resource type (service authorization reference of SES v2, 2026-11-25), so it is limited to regions.
 */
export function healthStatements(scope: Construct, providers: readonly ProviderConfig[]): PolicyStatement[] {
  const stack = Stack.of(scope);
  const secrets = [...new Set(providers.map(secretName).filter((name) => name !== undefined))];
  const regions = providers.flatMap((one) => (one.type === 'ses' ? [one.options.region ?? stack.region] : []));
  return [
    ...(regions.length > 0
      ? [
          new PolicyStatement({
            actions: ['ses:GetAccount'],
            resources: ['*'],
            conditions: { StringEquals: { 'aws:RequestedRegion': [...new Set(regions)] } },
          }),
        ]
      : []),
    ...(secrets.length > 0 ? [secretStatement(stack, secrets)] : []),
  ];
}

/** ARNs for the SES providers that name no configuration set and so may use any set of their region. */
export function anyConfigurationSet(scope: Construct, providers: readonly ProviderConfig[]): string[] {
  return providers.flatMap((provider) =>
    provider.type === 'ses' && provider.options.configurationSet === undefined
      ? [sesArn(Stack.of(scope), provider.options.region, 'configuration-set', '*')]
      : [],
  );
}

function sesArn(stack: Stack, region: string | undefined, resource: string, resourceName: string): string {
  return stack.formatArn({ service: 'ses', region: region ?? stack.region, resource, resourceName });
}

function sesStatement(stack: Stack, { options }: Extract<ProviderConfig, { type: 'ses' }>): PolicyStatement {
  const { identities, configurationSet, trackingSets = {}, fromIdentityArn, region } = options;
  // An identity can have a default configuration set, and SES requires permission for that set too.
  const sets =
    configurationSet === undefined ? ['*'] : [...new Set([configurationSet, ...Object.values(trackingSets)])];
  const arn = (resource: string, resourceName: string) => sesArn(stack, region, resource, resourceName);
  return new PolicyStatement({
    // SES requires both: the second when SendEmail of API v2 carries raw MIME.
    actions: ['ses:SendEmail', 'ses:SendRawEmail'],
    resources: [
      // An identity of another account is the resource; the owner's policy limits its use.
      ...(fromIdentityArn === undefined ? identities.map((identity) => arn('identity', identity)) : [fromIdentityArn]),
      ...sets.map((name) => arn('configuration-set', name)),
    ],
    conditions: {
      StringLike: {
        'ses:FromAddress': identities.flatMap((identity) =>
          identity.includes('@') ? [identity] : [`*@${identity}`, `*@*.${identity}`],
        ),
      },
    },
  });
}

/** Permission for items of the state table, limited to these key prefixes. */
export function tableStatement(
  { tableArn }: { readonly tableArn: string },
  actions: readonly TableAction[],
  keys: readonly string[],
): PolicyStatement {
  return new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] },
      // The second condition is needed because a "for all" condition is true for a request without keys.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });
}

type TableAction = 'GetItem' | 'BatchGetItem' | 'PutItem';

/** Permission to read secrets by name. */
export function secretStatement(stack: Stack, names: readonly string[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['secretsmanager:GetSecretValue'],
    resources: names.map((name) =>
      stack.formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        // Secrets Manager ends every ARN with a hyphen and six characters of its own.
        resourceName: `${name}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ),
  });
}
