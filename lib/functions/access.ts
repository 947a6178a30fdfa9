import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { ProviderConfig } from '../../lambda/contract/providers.ts';
import { definitions } from '../../lambda/providers/registry.ts';

/** What a Lambda event source does with a queue. */
export const CONSUME = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ChangeMessageVisibility',
];

/** What a function that sends through these providers may do with SES and with their secrets, and nothing else. */
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
  // The sender reads a secret by the same rule.
  return secretName ?? (definitions[type].secretFields.length > 0 ? `mailover/${key}` : undefined);
}

/**
 * What a function that asks these providers for their health may do: read their secrets, and ask SES in their regions.
 * GetAccount knows no resource (service authorization reference of SES v2, 2026-11-25), so it is bound to regions.
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

/** ARNs for the SES providers that name no configuration set and so may use any one of their region. */
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
  // An identity can have a default configuration set, and SES asks for the right to use that one too.
  const sets =
    configurationSet === undefined ? ['*'] : [...new Set([configurationSet, ...Object.values(trackingSets)])];
  const arn = (resource: string, resourceName: string) => sesArn(stack, region, resource, resourceName);
  return new PolicyStatement({
    // SES asks for both: the second when SendEmail of API v2 carries raw MIME.
    actions: ['ses:SendEmail', 'ses:SendRawEmail'],
    resources: [
      // A lent identity is the resource by itself; its owner's policy says the rest.
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

/** Lets items of the state table be reached by the beginning of their keys, and no others. */
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
      // Over no keys at all, "for all" is true.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });
}

type TableAction = 'GetItem' | 'BatchGetItem' | 'PutItem';

/** Lets secrets be read by name. */
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
