/** AWS account id of every local resource. fauxqs, the local SQS and S3, uses the same account id. */
export const ACCOUNT = '000000000000';

/** AWS region of the local resources. Clients may sign requests for any region. */
export const REGION = 'us-east-1';

/**
 * Returns the name in an ARN such as `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`, where NAME may contain colons. Returns any
 * other text unchanged.
 */
export function nameInArn(given: string): string {
  return given.startsWith('arn:') ? given.split(':').slice(6).join(':') : given;
}
