import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Annotations, Stack } from 'aws-cdk-lib/core';
import type { Construct, IConstruct } from 'constructs';

const CONTEXT = 'mailover:encryption-key';

/** AWS services through which the functions use the KMS key. */
const VIA = ['sqs', 's3', 'dynamodb', 'secretsmanager'];

/**
 * Sets the KMS key for all resources below a construct that contain mail, addresses or state. Allows the AWS services that write
 * to these resources to use the key. The construct must not have children yet. If the key belongs to another CDK app, the policy
 * of the key is not changed; a warning at synth says what the policy must allow.
 */
export function encryptDeployment(scope: Construct, key: IKey | undefined): void {
  if (key === undefined) return;
  scope.node.setContext(CONTEXT, key);
  const added = serviceStatements(Stack.of(scope)).map((statement) => key.addToResourcePolicy(statement, true));
  if (!added.every(({ statementAdded }) => statementAdded))
    Annotations.of(scope).addWarningV2(
      'mailover:key-policy',
      'encryptionKey: the policy of this key is not a part of this app. The policy must let logs, sns, ses and events use the key, as docs/deploy.md says under "A key of your own".',
    );
}

/** Returns the KMS key of the deployment to which a construct belongs; undefined without the option `encryptionKey`. */
export function encryptionKey(scope: IConstruct): IKey | undefined {
  return scope.node.tryGetContext(CONTEXT) as IKey | undefined;
}

/** Returns the statement that allows a role to use these KMS keys through the services in {@link VIA}. */
export function keyStatement(scope: Construct, keys: readonly IKey[]): PolicyStatement {
  const { region } = Stack.of(scope);
  return new PolicyStatement({
    // The actions that DynamoDB needs. SQS, S3 and Secrets Manager need only some of these actions
    // (docs.aws.amazon.com/amazondynamodb, encryption.usagenotes, 2026-11-29).
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

/** Returns the statements for AWS services that write to encrypted resources by themselves, not on behalf of a function. */
function serviceStatements({ account, region, partition }: Stack): PolicyStatement[] {
  const use = ['kms:Decrypt', 'kms:GenerateDataKey*'];
  return [
    // SNS puts notifications of SES on queues. SES writes mail to the bucket and publishes to topics. No resource of the stack
    // needs the permission for EventBridge; it allows rules of your own that send events to the queues.
    ...['sns', 'ses', 'events'].map(
      (service) =>
        new PolicyStatement({
          principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
          actions: use,
          resources: ['*'],
          conditions: { StringEquals: { 'aws:SourceAccount': account } },
        }),
    ),
    // CloudWatch Logs needs this statement to use the key (docs.aws.amazon.com/AmazonCloudWatch/latest/logs,
    // encrypt-log-data-kms, 2026-11-29).
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
