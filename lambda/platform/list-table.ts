import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentClient } from './table.ts';

/** Key of an item in a list: the list, and the place in it. */
export interface ListKey {
  readonly pk: string;
  readonly sk: string;
}

/** An item of a list. It is written once, and never changed. */
export type ListItem = ListKey & {
  /** Epoch seconds after which DynamoDB deletes the item, within some days. */
  readonly expires: number;
  readonly [field: string]: unknown;
};

/** Lists that all workers share. Every call throws when the table does not answer in time. */
export interface ListTable {
  /** Whether the item exists (strongly consistent read). */
  has(key: ListKey): Promise<boolean>;
  /** Writes an item; one that exists is left unchanged. */
  add(item: ListItem): Promise<void>;
  /** The items of a list in the order of their places, at most 1 MB of them (strongly consistent read). */
  list(pk: string): Promise<readonly ListItem[]>;
}

/** Amazon DynamoDB. The SDK is loaded at the first use; `configuration` is for callers outside a Lambda function. */
export const dynamoListTable = (TableName: string, configuration: DynamoDBClientConfig = {}): ListTable => {
  let client: Promise<DynamoDBDocumentClient> | undefined;
  const open = async () => {
    client ??= documentClient(configuration);
    const [connection, commands] = await Promise.all([client, import('@aws-sdk/lib-dynamodb')]);
    return { connection, commands };
  };
  return {
    async has({ pk, sk }) {
      const { connection, commands } = await open();
      const get = new commands.GetCommand({
        TableName,
        Key: { pk, sk },
        ConsistentRead: true,
        ProjectionExpression: 'sk',
      });
      return (await connection.send(get)).Item !== undefined;
    },
    async add(item) {
      const { connection, commands } = await open();
      const put = new commands.PutCommand({
        TableName,
        Item: item,
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await connection.send(put).catch((error: unknown) => {
        // Also a repetition by the SDK whose first answer was lost.
        if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
      });
    },
    async list(pk) {
      const { connection, commands } = await open();
      const query = new commands.QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
      });
      return ((await connection.send(query)).Items ?? []) as ListItem[];
    },
  };
};
