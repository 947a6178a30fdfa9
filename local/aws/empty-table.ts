import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { REGION } from '../template/names.ts';
import { LOCAL_AGENT } from './dynamodb.ts';

/** Largest number of items in one call of BatchWriteItem (API reference, collected 2026-11-29). */
const BATCH = 25;

/** Deletes all items of a table on the local DynamoDB server. Simulated faults do not apply to the calls. */
export async function emptyTable(url: string, name: string): Promise<void> {
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: url,
      region: REGION,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      customUserAgent: LOCAL_AGENT,
    }),
  );
  try {
    const { Table: { KeySchema = [] } = {} } = await client.send(new DescribeTableCommand({ TableName: name }));
    const found: Record<string, unknown>[] = [];
    for await (const { Items = [] } of paginateScan({ client }, { TableName: name })) found.push(...Items);
    const deletes = found.map((item) => ({
      DeleteRequest: { Key: Object.fromEntries(KeySchema.map(({ AttributeName: key = '' }) => [key, item[key]])) },
    }));
    for (let start = 0; start < deletes.length; start += BATCH)
      await client.send(new BatchWriteCommand({ RequestItems: { [name]: deletes.slice(start, start + BATCH) } }));
  } finally {
    client.destroy();
  }
}
