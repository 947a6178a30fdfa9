import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AwsAccess } from '../lambda/platform/aws-json.ts';
import { defined } from '../lambda/platform/defined.ts';

/**
 * Returns the region and credentials of the user of this machine. The AWS SDK finds them in environment variables, profiles or a
 * login.
 */
export async function accessOfUser(region?: string): Promise<AwsAccess> {
  const { config } = new DynamoDBClient(defined({ region: region || undefined }));
  return { region: await config.region(), credentials: () => config.credentials() };
}
