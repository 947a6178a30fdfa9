import { COUNTED_ATTRIBUTES } from '../contract/daily-count-environment.ts';
import type { AwsAccess } from '../platform/aws-json.ts';
import { defined } from '../platform/defined.ts';
import { type DynamoItem, openDynamoDb } from '../platform/dynamodb.ts';
import { recordKey } from '../submission/record.ts';
import type { StandingFields } from '../submission/standing.ts';

/** The attributes of a submission's record that the daily count of submissions reads. */
export type CountedRecord = StandingFields & { readonly pk: string };

/** Calls `onRecords` with all records of submissions, page by page; rejects if a page cannot be read. */
export type ReadRecords = (onRecords: (records: readonly CountedRecord[]) => void) => Promise<void>;

/** Number of segments of the table that are scanned in parallel. */
const SEGMENTS = 4;
/**
 * Largest number of attempts for one read of the table. Several attempts are allowed, so that short throttling does not end the
 * whole scan.
 */
const TRIES = 5;

/**
 * Creates the function that reads the state table, with eventual consistency: a second of delay does not matter, since a
 * message counts as lost after an hour.
 */
export function recordsOf(TableName: string, access: AwsAccess = {}): ReadRecords {
  return async (onRecords) => {
    const { call, unmarshall } = openDynamoDb({ maxAttempts: TRIES, ...access });
    const names = Object.fromEntries(COUNTED_ATTRIBUTES.map((name) => [`#${name}`, name]));
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
        // The projection above selects the attributes of a `CountedRecord`.
        onRecords(Items.map((item) => unmarshall(item) as unknown as CountedRecord));
        from = LastEvaluatedKey;
      } while (from !== undefined);
    };
    await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => readSegment(segment)));
  };
}
