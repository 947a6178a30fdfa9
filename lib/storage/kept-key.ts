import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { defined } from '../../lambda/platform/defined.ts';
import { encryptionKey } from './encryption.ts';

interface KeptKeyProps {
  readonly description: string;
  /** Why the key is not rotated automatically. */
  readonly reason: string;
  /**
   * Number of letters and digits in the key.
   * @default 32, which have 190 bits of entropy
   */
  readonly passwordLength?: number;
}

/** Secret key that CloudFormation generates at the first deployment, and that is kept when the stack is deleted. */
export abstract class KeptKey extends Secret {
  constructor(scope: Construct, id: string, { description, reason, passwordLength }: KeptKeyProps) {
    super(scope, id, {
      ...defined({ encryptionKey: encryptionKey(scope) }),
      description,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'key',
        excludePunctuation: true,
        ...defined({ passwordLength }),
      },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(this).acknowledge({ id: 'AwsSolutions-SMG4', reason });
  }

  /** Returns the statement that allows a function to read the key. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] });
  }
}
