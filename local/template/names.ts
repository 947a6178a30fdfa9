/** AWS account id of all local resources. fauxqs, the local SQS and S3, uses the same account id. */
export const ACCOUNT = '000000000000';

/** AWS region of the local resources. Requests are accepted even if the client signed them for another region. */
export const REGION = 'us-east-1';

/**
 * Returns the name in an ARN such as `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`. The name may contain colons. A text that is
 * not an ARN is returned unchanged.
 */
export function nameInArn(given: string): string {
  return given.startsWith('arn:') ? given.split(':').slice(6).join(':') : given;
}
