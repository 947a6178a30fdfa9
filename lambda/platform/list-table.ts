import type { AwsAccess } from './aws-json.ts';
import { defined } from './defined.ts';
import type { DynamoDb, DynamoItem } from './dynamodb.ts';

export interface ListItem {
  /** The list. */
  readonly pk: string;
  /** The place in it. */
  readonly sk: string;
  /** Epoch seconds after which DynamoDB deletes the item, within some days; absent: never. */
  readonly expires?: number;
  readonly [field: string]: unknown;
}

/** Lists that all workers share. Every call throws when the table does not answer in time. */
export interface ListTable {
  /** Writes an item; one that exists is left unchanged. */
  add(item: ListItem): Promise<void>;
  /** Writes an item, in place of one that exists. */
  put(item: ListItem): Promise<void>;
  /** Deletes an item; one that does not exist is no error. */
  remove(key: Pick<ListItem, 'pk' | 'sk'>): Promise<void>;
  /** The items of a list whose places begin with `prefix`, in the order of their places (strongly consistent read). */
  list(pk: string, prefix?: string): Promise<readonly ListItem[]>;
}

/** Amazon DynamoDB. Its code is loaded at the first use; `access` is for callers outside a Lambda function. */
export const dynamoListTable = (TableName: string, access: AwsAccess = {}): ListTable => {
  let opened: Promise<DynamoDb> | undefined;
  const open = () => (opened ??= import('./dynamodb.ts').then(({ openDynamoDb }) => openDynamoDb(access)));
  return {
    async add(item) {
      const { call, marshall } = await open();
      const put = { TableName, Item: marshall(item), ConditionExpression: 'attribute_not_exists(pk)' };
      await call('PutItem', put).catch((error: unknown) => {
        // Also a repetition of a write whose first answer was lost.
        if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
      });
    },
    async put(item) {
      const { call, marshall } = await open();
      await call('PutItem', { TableName, Item: marshall(item) });
    },
    async remove({ pk, sk }) {
      const { call, marshall } = await open();
      await call('DeleteItem', { TableName, Key: marshall({ pk, sk }) });
    },
    async list(pk, prefix) {
      const { call, unmarshall } = await open();
      const items: ListItem[] = [];
      let from: DynamoItem | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await call('Query', {
          TableName,
          KeyConditionExpression: prefix ? 'pk = :pk AND begins_with(sk, :sk)' : 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix && { ':sk': { S: prefix } }) },
          ConsistentRead: true,
          ...defined({ ExclusiveStartKey: from }),
        });
        items.push(...Items.map((item) => unmarshall(item) as ListItem));
        from = LastEvaluatedKey;
      } while (from !== undefined);
      return items;
    },
  };
};
