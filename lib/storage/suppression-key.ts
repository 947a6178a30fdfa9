import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
import { encryptionKey } from './encryption.ts';

/** Key of the suppression list, whose addresses are stored as keyed hashes. CloudFormation generates it once. */
export class SuppressionKey extends Secret {
  constructor(scope: Construct, id: string) {
    const key = encryptionKey(scope);
    super(scope, id, {
      ...defined({ encryptionKey: key }),
      description: 'Key of the suppression list: {"key":"…"}, and "previousKey" after a rotation',
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'key', excludePunctuation: true },
      // The list outlives the stack, too, and is worthless without its key.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Entries of the previous key are found only while it is kept beside the new one: it is rotated by hand.',
    });
  }

  /** Permission to read the key. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] });
  }
}
