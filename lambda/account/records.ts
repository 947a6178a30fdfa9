import { ACCOUNTED } from '../contract/account-environment.ts';
import type { AwsAccess } from '../platform/aws-json.ts';
import { defined } from '../platform/defined.ts';
import { type DynamoItem, openDynamoDb } from '../platform/dynamodb.ts';
import { recordKey } from '../submission/record.ts';
import type { StandingFields } from '../submission/standing.ts';

/** A record with what an account needs of it. */
export type AccountedRecord = StandingFields & { readonly pk: string };

/** Calls `onRecords` with all records of submissions, some at a time; rejects if one part of them cannot be read. */
export type ReadRecords = (onRecords: (records: readonly AccountedRecord[]) => void) => Promise<void>;

/** Parts of the table that are read at a time. */
const SEGMENTS = 4;
/** Tries of one call: a table that throttles for a moment does not end the account. */
const TRIES = 5;

/** Reads the state table, eventually consistent: to what is an hour late, a second does not matter. */
export function recordsOf(TableName: string, access: AwsAccess = {}): ReadRecords {
  return async (onRecords) => {
    const { call, unmarshall } = openDynamoDb({ maxAttempts: TRIES, ...access });
    const names = Object.fromEntries(ACCOUNTED.map((name) => [`#${name}`, name]));
    const readSegment = async (Segment: number): Promise<void> => {
      let from: DynamoItem | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await call('Scan', {
          TableName,
          Segment,
          TotalSegments: SEGMENTS,
          Select: 'SPECIFIC_ATTRIBUTES',
          ProjectionExpression: Object.keys(names).join(', '),
          FilterExpression: 'begins_with(#pk, :records)',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ':records': { S: recordKey('') } },
          ...defined({ ExclusiveStartKey: from }),
        });
        // The projection above asks for the attributes of an accounted record.
        onRecords(Items.map((item) => unmarshall(item) as unknown as AccountedRecord));
        from = LastEvaluatedKey;
      } while (from !== undefined);
    };
    await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => readSegment(segment)));
  };
}
