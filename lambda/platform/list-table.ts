import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentClient } from './table.ts';

/** An item of a list. It is written once, and never changed. */
export interface ListItem {
  /** The list. */
  readonly pk: string;
  /** The place in it. */
  readonly sk: string;
  /** Epoch seconds after which DynamoDB deletes the item, within some days. */
  readonly expires: number;
  readonly [field: string]: unknown;
}

/** Lists that all workers share. Every call throws when the table does not answer in time. */
export interface ListTable {
  /** Writes an item; one that exists is left unchanged. */
  add(item: ListItem): Promise<void>;
  /** The items of a list whose places begin with `prefix`, in the order of their places (strongly consistent read). */
  list(pk: string, prefix?: string): Promise<readonly ListItem[]>;
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
    async list(pk, prefix) {
      const { connection, commands } = await open();
      const items: ListItem[] = [];
      let from: Record<string, unknown> | undefined;
      do {
        const query = new commands.QueryCommand({
          TableName,
          KeyConditionExpression: prefix ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk, ...(prefix && { ':sk': prefix }) },
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        });
        const { Items = [], LastEvaluatedKey } = await connection.send(query);
        items.push(...(Items as ListItem[]));
        from = LastEvaluatedKey;
      } while (from !== undefined);
      return items;
    },
  };
};
