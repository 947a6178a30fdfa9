import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * The key by which the sender knows what Mailover itself put on a queue, such as a dead letter that comes back by a
 * redrive. CloudFormation makes it up at the first deployment; nobody has to know it.
 */
export class ProofKey extends Secret {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description:
        'Proves the letters that Mailover puts on its queues: {"key":"…"}, and "previousKey" after a rotation',
      // 32 letters and digits by default: 190 bits.
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'key', excludePunctuation: true },
      // The dead-letter queue outlives the stack, too.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Letters are kept for 14 days, and a rotated key must stand beside the new one for that long: it is rotated by hand, as the runbook says.',
    });
  }

  /** Lets the key be read, and nothing else. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] });
  }
}
