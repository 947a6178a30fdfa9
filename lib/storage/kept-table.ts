import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { encryptionKey } from './encryption.ts';

interface KeptTableProps {
  /** If true, the table is not protected from deletion. */
  readonly throwAway: boolean;
  /** Whether the table can be restored to any time of the last 35 days. */
  readonly backup: boolean;
  /**
   * Name of the sort key.
   * @default - none
   */
  readonly sortKey?: string;
}

/** Table that is kept when the stack is deleted. An item with the attribute `expires` is deleted after this time. */
export abstract class KeptTable extends TableV2 {
  constructor(scope: Construct, id: string, { throwAway, backup, sortKey }: KeptTableProps) {
    const key = encryptionKey(scope);
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      ...(sortKey !== undefined && { sortKey: { name: sortKey, type: AttributeType.STRING } }),
      billing: Billing.onDemand(),
      encryption: key ? TableEncryptionV2.customerManagedKey(key) : TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: backup },
      timeToLiveAttribute: 'expires',
      deletionProtection: !throwAway,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
