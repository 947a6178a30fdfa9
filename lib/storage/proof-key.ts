import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
import { encryptionKey } from './encryption.ts';

/**
 * Key of the proofs by which the sender recognises messages of Mailover itself, such as a dead letter that comes back by a
 * redrive. CloudFormation generates it at the first deployment.
 */
export class ProofKey extends Secret {
  constructor(scope: Construct, id: string) {
    const key = encryptionKey(scope);
    super(scope, id, {
      ...defined({ encryptionKey: key }),
      description:
        'Key of the proofs on messages that Mailover puts on its queues: {"key":"…"}, and "previousKey" after a rotation',
      // 32 letters and digits by default: 190 bits.
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'key', excludePunctuation: true },
      // The dead-letter queue outlives the stack, too.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Messages are kept for 14 days, and the previous key must be accepted for that long: it is rotated by hand, as the runbook says.',
    });
  }

  /** Permission to read the key. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] });
  }
}
