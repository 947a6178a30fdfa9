import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
import { encryptionKey } from './encryption.ts';

/** Letters and digits of the key: as base64 they are 33 bytes, within the 24 to 64 of the Standard Webhooks specification. */
const LENGTH = 44;

/** Key by which an application recognises the events that are posted to it. CloudFormation generates it once. */
export class SigningKey extends Secret {
  constructor(scope: Construct, id: string) {
    const key = encryptionKey(scope);
    super(scope, id, {
      ...defined({ encryptionKey: key }),
      description: 'Key of the signatures of posted events: {"key":"…"}, and "previousKey" during a rotation',
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'key',
        excludePunctuation: true,
        passwordLength: LENGTH,
      },
      // The application has a copy, which has to match after the stack is made again.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The application has a copy of the key: it is rotated by hand, with both keys for a while.',
    });
  }

  /** Permission to read the key. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] });
  }
}
