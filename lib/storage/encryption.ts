import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Annotations, Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';

const CONTEXT = 'mailover:encryption-key';

/** AWS services by which the functions use the key. */
const VIA = ['sqs', 's3', 'dynamodb', 'secretsmanager'];

/**
 * Encrypts everything within a construct that has mail, addresses or state by one key, and lets the services use it that write there. The
 * construct may have no children yet. A key that is not of this app keeps its policy: a warning names what it needs.
 */
export function encryptDeployment(scope: Construct, key: IKey | undefined): void {
  if (key === undefined) return;
  scope.node.setContext(CONTEXT, key);
  const added = serviceStatements(Stack.of(scope)).map((statement) => key.addToResourcePolicy(statement, true));
  if (!added.every(({ statementAdded }) => statementAdded))
    Annotations.of(scope).addWarningV2(
      'mailover:key-policy',
      'encryptionKey: its policy is not a part of this app. It must let logs, sns, ses and events use it, as docs/deploy.md says under "A key of your own".',
    );
}

/** The key of the deployment that a construct is a part of; undefined if AWS's own keys are used. */
export function encryptionKey(scope: IConstruct): IKey | undefined {
  return scope.node.tryGetContext(CONTEXT) as IKey | undefined;
}

/** Permission to use keys for what the functions read and write. */
export function keyStatement(scope: Construct, keys: readonly IKey[]): PolicyStatement {
  const { region } = Stack.of(scope);
  return new PolicyStatement({
    // Those of DynamoDB, of which SQS, S3 and Secrets Manager need a part (docs.aws.amazon.com/amazondynamodb, encryption.usagenotes,
    // 2026-11-29).
    actions: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    resources: keys.map(({ keyArn }) => keyArn),
    conditions: { StringEquals: { 'kms:ViaService': VIA.map((service) => `${service}.${region}.amazonaws.com`) } },
  });
}

/** Permissions of the services that write to encrypted resources on their own behalf. */
function serviceStatements({ account, region, partition }: Stack): PolicyStatement[] {
  const use = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  return [
    // SNS puts the notifications of SES on queues, SES writes mail to the bucket and publishes to topics, EventBridge may write to queues.
    ...['sns', 'ses', 'events'].map(
      (service) =>
        new PolicyStatement({
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          actions: use,
          resources: ['*'],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
    ),
    // (docs.aws.amazon.com/AmazonCloudWatch/latest/logs, encrypt-log-data-kms, 2026-11-29)
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ['kms:Encrypt', 'kms:ReEncrypt*', 'kms:DescribeKey', ...use],
      resources: ['*'],
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:*` },
      },
    }),
  ];
}
