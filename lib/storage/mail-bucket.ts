import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configuration/configuration-error.ts';
import { encryptionKey } from './encryption.ts';

/**
 * Number of days for which a message may wait: 14 on a queue and 14 on the dead-letter queue. The S3 objects of a message are
 * kept for at least this time.
 */
const SHORTEST_DAYS = 28;

const DEFAULT_EXPIRATION = Duration.days(30);

/** @throws ConfigurationError if objects in the mail bucket would expire before the queue messages that refer to these objects */
export function checkMailExpiration(expiration = DEFAULT_EXPIRATION): void {
  const days = expiration.toDays({ integral: false });
  if (days < SHORTEST_DAYS)
    throw new ConfigurationError([
      `mailExpiration: given ${days} days; it must be at least ${SHORTEST_DAYS}, since a message may wait for 14 days, and then for ` +
        '14 days in the dead-letter queue, and the objects that it refers to must exist until then',
    ]);
}

/** Key prefix of the objects that programs upload for the mail that they submit. The sender reads no other objects. */
export const SUBMISSIONS = 'submissions/';

/**
 * Bucket for submissions and attachments that are too large for a queue, and for received mail. An object expires later than
 * every queue message that refers to it.
 */
export class MailBucket extends Bucket {
  constructor(scope: Construct, id: string, expiration: Duration = DEFAULT_EXPIRATION) {
    const key = encryptionKey(scope);
    super(scope, id, {
      ...(key
        ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      // Versioning is off, since deleted mail would be kept as an earlier version of its object.
      versioned: false,
      lifecycleRules: [{ expiration, abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs would keep object names, which producers choose and which may name people. For an audit use CloudTrail data events.',
    });
  }
}
