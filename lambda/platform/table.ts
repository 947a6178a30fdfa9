import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { AwsAccess } from './aws-json.ts';
import type { DynamoDb } from './dynamodb.ts';
import { ServiceError } from './service-failure.ts';

/** One item of the state table. Code that writes an item preserves unknown fields, since a newer version of Mailover may need them. */
export interface Item {
  /** Partition key: `<kind>/<name>`, such as `submission/order-1234` or `circuit/postmark`. */
  readonly pk: string;
  /** Revision: the number of times that the item was written, 1 or more. */
  readonly rev: number;
  /**
   * Time in epoch seconds. DynamoDB deletes the item within some days after this time; absent: DynamoDB never deletes the item.
   */
  readonly expires?: number;
  readonly [field: string]: unknown;
}

/** An item to be written. The field `rev` of this item is ignored. */
export type NewItem = Readonly<Record<string, unknown>> & { readonly pk: string; readonly expires?: number };

/** Result of a conditional write. If the condition was not met, `current` is the item that is stored, if there is one. */
export type Written =
  | { readonly done: true; readonly item: Item }
  | { readonly done: false; readonly current: Item | undefined };

/**
 * State that all processes of the Lambda functions share. Every method throws an error if the DynamoDB table does not answer in
 * time, or refuses the call.
 */
export interface Table {
  /** Returns the current item (strongly consistent read). */
  get(pk: string): Promise<Item | undefined>;
  /** Returns the items that exist for at most 100 keys, by key (eventually consistent read). */
  getAll(pks: readonly string[]): Promise<ReadonlyMap<string, Item>>;
  /**
   * Writes the whole item if the stored item has the revision `expected`, or if `expected` is undefined and no item is stored.
   * The written item gets the next revision.
   */
  write(item: NewItem, expected: number | undefined): Promise<Written>;
}

/** Largest number of keys that DynamoDB accepts in one call of BatchGetItem (API_BatchGetItem, 2026-11-29). */
const KEYS_AT_A_TIME = 100;

/** Returns the items that exist for any number of keys, by key. */
export async function getMany(
  table: Pick<Table, 'getAll'>,
  pks: readonly string[],
): Promise<ReadonlyMap<string, Item>> {
  const items = new Map<string, Item>();
  for (let from = 0; from < pks.length; from += KEYS_AT_A_TIME)
    for (const [key, item] of await table.getAll(pks.slice(from, from + KEYS_AT_A_TIME))) items.set(key, item);
  return items;
}

/** Pause before each attempt to read several items, in milliseconds. The number of entries is the number of attempts. */
const PAUSES_MS = [0, 50, 200];

/**
 * Creates an object whose methods read and write the items of the DynamoDB table `TableName`. The code of the DynamoDB client is
 * loaded at the first use. Only callers outside a Lambda function need `access`.
 */
export const dynamoTable = (TableName: string, access: AwsAccess = {}): Table => {
  let opened: Promise<DynamoDb> | undefined;
  const open = () => (opened ??= import('./dynamodb.ts').then(({ openDynamoDb }) => openDynamoDb(access)));
  const read = async (pk: string): Promise<Item | undefined> => {
    const { call, unmarshall } = await open();
    const { Item } = await call('GetItem', { TableName, Key: { pk: { S: pk } }, ConsistentRead: true });
    return Item && (unmarshall(Item) as Item);
  };
  return {
    get: read,
    async getAll(pks) {
      if (pks.length === 0) return new Map();
      const { call, unmarshall } = await open();
      const items = new Map<string, Item>();
      let left: object = { [TableName]: { Keys: pks.map((pk) => ({ pk: { S: pk } })) } };
      // Under load, DynamoDB may leave some keys unprocessed, although items exist for these keys. These keys are then read
      // again.
      for (const pauseMs of PAUSES_MS) {
        if (pauseMs > 0) await setTimeout(pauseMs);
        const { Responses = {}, UnprocessedKeys = {} } = await call('BatchGetItem', { RequestItems: left });
        for (const item of Responses[TableName] ?? []) {
          const found = unmarshall(item) as Item;
          items.set(found.pk, found);
        }
        if (Object.keys(UnprocessedKeys).length === 0) return items;
        left = UnprocessedKeys;
      }
      throw new ServiceError('DynamoDB left some of the keys unprocessed in every attempt to read them');
    },
    async write(item, expected) {
      const { call, marshall } = await open();
      // If the answer to a write is lost, the write is repeated. If the first write has stored the item, the condition of the repeated write is
      // not met. The stored `writeId` then shows that the item comes from this same write.
      const stored: Item = { ...item, rev: (expected ?? 0) + 1, writeId: randomUUID() };
      try {
        await call('PutItem', {
          TableName,
          Item: marshall(stored),
          ...(expected === undefined
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { N: String(expected) } } }),
        });
        return { done: true, item: stored };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
        const current = await read(item.pk);
        return current?.['writeId'] === stored['writeId'] ? { done: true, item: stored } : { done: false, current };
      }
    },
  };
};
