import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { encryptionKey } from './encryption.ts';

/** Lists that are queried: delivery events by submission. Kept apart, so that a hot list cannot throttle the ledger. */
export class ListsTable extends TableV2 {
  /** `throwAway`: the table is not protected from deletion. */
  constructor(scope: Construct, id: string, throwAway = false) {
    const key = encryptionKey(scope);
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: key ? TableEncryptionV2.customerManagedKey(key) : TableEncryptionV2.dynamoOwnedKey(),
      // Nothing is decided by a list that is lost; providers can be asked for their events again.
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
      timeToLiveAttribute: 'expires',
      deletionProtection: !throwAway,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
