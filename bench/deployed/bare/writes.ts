import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { type BareMail, handlerOf } from './mail.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));

/**
 * Creates a handler that writes a DynamoDB item before each mail, and replaces this item after the mail. Both writes have a
 * condition.
 */
export const withWrites = (send: (mail: BareMail) => Promise<unknown>) =>
  handlerOf(async (mail) => {
    const pk = `mail/${mail.id}`;
    const item = { pk, rev: 1, state: 'begun', at: Date.now(), to: mail.to, expires: 1_800_000_000 };
    await client.send(
      new PutCommand({ TableName: 'state', Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    await send(mail);
    await client.send(
      new PutCommand({
        TableName: 'state',
        Item: { ...item, rev: 2, state: 'done' },
        ConditionExpression: 'rev = :rev',
        ExpressionAttributeValues: { ':rev': 1 },
      }),
    );
  });
