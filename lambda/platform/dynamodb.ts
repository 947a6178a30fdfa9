import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AwsAccess, awsJson } from './aws-json.ts';

/**
 * Client of DynamoDB. It calls DynamoDB operations, and converts plain objects to and from DynamoDB's JSON form of items. Fields
 * with the value undefined are left out.
 */
export interface DynamoDb {
  /** Calls an operation. Throws an `AwsError` or a connection error. */
  call(operation: string, input: object): Promise<DynamoOutput>;
  marshall(item: Readonly<Record<string, unknown>>): DynamoItem;
  unmarshall(item: DynamoItem): Record<string, unknown>;
}

/** An item in DynamoDB's JSON form, in which each value states its type. */
export type DynamoItem = Record<string, AttributeValue>;

/** The fields of DynamoDB's answers that this code reads. */
interface DynamoOutput {
  readonly Item?: DynamoItem;
  readonly Items?: readonly DynamoItem[];
  readonly LastEvaluatedKey?: DynamoItem;
  readonly Responses?: Readonly<Record<string, readonly DynamoItem[]>>;
  readonly UnprocessedKeys?: object;
}

/**
 * Creates a client of DynamoDB. Its time-outs are short (1 s for a connection, 1.5 s for an answer), since Lambda functions wait
 * for the answers.
 */
export function openDynamoDb(access: AwsAccess): DynamoDb {
  const call = awsJson(
    {
      name: 'dynamodb',
      target: 'DynamoDB_20120810',
      version: '1.0',
      endpointVariable: 'AWS_ENDPOINT_URL_DYNAMODB',
      limits: { connectionTimeout: 1_000, requestTimeout: 1_500 },
    },
    access,
  );
  return {
    call: async (operation, input) => (await call(operation, input)) as DynamoOutput,
    marshall: (item) => marshall(item, { removeUndefinedValues: true }),
    unmarshall,
  };
}
