import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { BatchGetCommandInput, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ServiceError } from './service-failure.ts';
import { patientSockets } from './sockets.ts';

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

/** A client whose calls end in time, for the functions that wait for it. */
export async function documentClient(configuration: DynamoDBClientConfig): Promise<DynamoDBDocumentClient> {
  const [{ DynamoDBClient }, { DynamoDBDocumentClient }, requestHandler] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/lib-dynamodb'),
    patientSockets({ connectionTimeout: 1_000, requestTimeout: 1_500 }),
  ]);
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({
      maxAttempts: 2,
      requestHandler,
      ...configuration,
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
}

/** Amazon DynamoDB. The SDK is loaded at the first use; `configuration` is for callers outside a Lambda function. */
export const dynamoTable = (TableName: string, configuration: DynamoDBClientConfig = {}): Table => {
  let client: Promise<DynamoDBDocumentClient> | undefined;
  const open = async () => {
    client ??= documentClient(configuration);
    const [connection, commands] = await Promise.all([client, import('@aws-sdk/lib-dynamodb')]);
    return { connection, commands };
  };
  return {
    async get(pk) {
      const { connection, commands } = await open();
      const { Item } = await connection.send(new commands.GetCommand({ TableName, Key: { pk }, ConsistentRead: true }));
      return Item as Item | undefined;
    },
    async getAll(pks) {
      if (pks.length === 0) return new Map();
      const { connection, commands } = await open();
      const items = new Map<string, Item>();
      let left: NonNullable<BatchGetCommandInput['RequestItems']> = {
        [TableName]: { Keys: pks.map((pk) => ({ pk })) },
      };
      // A table under load may leave keys unprocessed; that does not mean that their items do not exist.
      for (const pauseMs of PAUSES_MS) {
        if (pauseMs > 0) await setTimeout(pauseMs);
        const { Responses = {}, UnprocessedKeys = {} } = await connection.send(
          new commands.BatchGetCommand({ RequestItems: left }),
        );
        for (const item of (Responses[TableName] ?? []) as Item[]) items.set(item.pk, item);
        if (Object.keys(UnprocessedKeys).length === 0) return items;
        left = UnprocessedKeys;
      }
      throw new ServiceError('the table left out some of the keys at every try');
    },
    async write(item, expected) {
      const { connection, commands } = await open();
      // The SDK repeats a write whose answer was lost, and the repetition then fails on the first one's item; `writeId`
      // recognises it.
      const stored: Item = { ...item, rev: (expected ?? 0) + 1, writeId: randomUUID() };
      try {
        await connection.send(
          new commands.PutCommand({
            TableName,
            Item: stored,
            ...(expected === undefined
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': expected } }),
          }),
        );
        return { done: true, item: stored };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') throw error;
        const { Item: current } = await connection.send(
          new commands.GetCommand({ TableName, Key: { pk: item.pk }, ConsistentRead: true }),
        );
        return current?.['writeId'] === stored['writeId']
          ? { done: true, item: stored }
          : { done: false, current: current as Item | undefined };
      }
    },
  };
};
