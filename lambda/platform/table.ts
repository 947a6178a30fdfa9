import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { AwsAccess } from './aws-json.ts';
import type { DynamoDb } from './dynamodb.ts';
import { ServiceError } from './service-failure.ts';

/** One item of the state table. Writers keep the fields that they do not know: a newer release may need them. */
export interface Item {
  /** `<kind>/<name>`, such as `submission/order-1234` or `circuit/postmark`. */
  readonly pk: string;
  /** Counts the writes, from 1. */
  readonly rev: number;
  /** Epoch seconds after which DynamoDB deletes the item, within some days; absent: never. */
  readonly expires?: number;
  readonly [field: string]: unknown;
}

/** An item before it is written; a `rev` in it is ignored. */
export type NewItem = Readonly<Record<string, unknown>> & { readonly pk: string; readonly expires?: number };

/** Result of a conditional write: `current` is the stored item if the condition failed. */
export type Written =
  | { readonly done: true; readonly item: Item }
  | { readonly done: false; readonly current: Item | undefined };

/** State that all workers share. Every call throws when the table does not answer in time. */
export interface Table {
  /** The current item (strongly consistent read). */
  get(pk: string): Promise<Item | undefined>;
  /** The existing items of these keys, at most 100; they may be some milliseconds old. */
  getAll(pks: readonly string[]): Promise<ReadonlyMap<string, Item>>;
  /**
   * Replaces the whole item if it still has the revision `expected` (undefined: if it does not exist). The stored item
   * gets the next revision.
   */
  write(item: NewItem, expected: number | undefined): Promise<Written>;
}

/** Pause before each try of a read of several items. */
const PAUSES_MS = [0, 50, 200];

/** Amazon DynamoDB. Its code is loaded at the first use; `access` is for callers outside a Lambda function. */
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
      // A table under load may leave keys unprocessed; that does not mean that their items do not exist.
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
      throw new ServiceError('the table left out some of the keys at every try');
    },
    async write(item, expected) {
      const { call, marshall } = await open();
      // A write whose answer was lost is repeated, and the repetition then fails on the first one's item; `writeId`
      // recognises it.
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
