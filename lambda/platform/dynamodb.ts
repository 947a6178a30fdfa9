import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AwsAccess, awsJson } from './aws-json.ts';

/** DynamoDB by its operations; items are plain objects, whose undefined fields are not written. */
export interface DynamoDb {
  /** Throws an `AwsError` or an error of the connection. */
  call(operation: string, input: object): Promise<DynamoOutput>;
  marshall(item: Readonly<Record<string, unknown>>): DynamoItem;
  unmarshall(item: DynamoItem): Record<string, unknown>;
}

/** An item as DynamoDB writes it. */
export type DynamoItem = Record<string, AttributeValue>;

/** The fields of answers that are read here. */
interface DynamoOutput {
  readonly Item?: DynamoItem;
  readonly Items?: readonly DynamoItem[];
  readonly LastEvaluatedKey?: DynamoItem;
  readonly Responses?: Readonly<Record<string, readonly DynamoItem[]>>;
  readonly UnprocessedKeys?: object;
}

/** Opens DynamoDB, with time limits for the functions that wait for it. */
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
