import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AwsAccess } from '../lambda/platform/aws-json.ts';

/** The region and the credentials of the person at this machine, from variables, profiles or a login, as the SDK finds them. */
export async function accessOfUser(region?: string): Promise<AwsAccess> {
  const { config } = new DynamoDBClient({ ...(region && { region }) });
  return { region: await config.region(), credentials: () => config.credentials() };
}
