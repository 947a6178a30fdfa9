import type { AwsAccess } from './aws-json.ts';
import { defined } from './defined.ts';
import type { DynamoDb, DynamoItem } from './dynamodb.ts';

export interface ListItem {
  /** Partition key: the name of the list. */
  readonly pk: string;
  /** Sort key: identifies the item within the list. */
  readonly sk: string;
  /**
   * Time in epoch seconds. DynamoDB deletes the item within some days after this time; absent: DynamoDB never deletes the item.
   */
  readonly expires?: number;
  readonly [field: string]: unknown;
}

/**
 * Lists that all processes of the Lambda functions share. Every method throws an error if the DynamoDB table does not answer in
 * time, or refuses the call.
 */
export interface ListTable {
  /** Writes an item. Does nothing if an item with the same keys exists. */
  add(item: ListItem): Promise<void>;
  /** Writes an item. An existing item with the same keys is replaced. */
  put(item: ListItem): Promise<void>;
  /** Deletes an item. Resolves without an error if the item does not exist. */
  remove(key: Pick<ListItem, 'pk' | 'sk'>): Promise<void>;
  /**
   * Returns the items of the list `pk`, in the order of their sort keys (strongly consistent read). If `prefix` is given, only
   * items whose sort keys begin with it are returned.
   */
  list(pk: string, prefix?: string): Promise<readonly ListItem[]>;
}

/**
 * Creates an object whose methods read and write the lists in the DynamoDB table `TableName`. The code of the DynamoDB client is
 * loaded at the first use. Only callers outside a Lambda function need `access`.
 */
export const dynamoListTable = (TableName: string, access: AwsAccess = {}): ListTable => {
  let opened: Promise<DynamoDb> | undefined;
  const open = () => (opened ??= import('./dynamodb.ts').then(({ openDynamoDb }) => openDynamoDb(access)));
  return {
    async add(item) {
      const { call, marshall } = await open();
      const put = { TableName, Item: marshall(item), ConditionExpression: 'attribute_not_exists(pk)' };
      await call('PutItem', put).catch((error: unknown) => {
        // The item already exists. Possibly an earlier attempt of this write stored the item, but DynamoDB's answer was lost.
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
          ExpressionAttributeValues: defined({ ':pk': { S: pk }, ':sk': prefix ? { S: prefix } : undefined }),
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
