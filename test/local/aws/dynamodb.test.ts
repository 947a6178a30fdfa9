import { expect, it } from 'vitest';
import { startDynamodb } from '../../../local/aws/dynamodb.ts';
import { FaultBoard, parseFaults } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/network/own-hosts.ts';
import { pickBasePort } from '../../../local/network/ports.ts';

const givenServer = async (faults: FaultBoard) =>
  startDynamodb({
    port: await pickBasePort(),
    faults,
    own: ownHosts(),
    tables: [
      {
        TableName: 'ledger',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      },
    ],
  });

const call = (url: string, operation: string, body: unknown) =>
  fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20261123T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=any/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=any',
    },
    body: JSON.stringify(body),
  });

it('has the tables of the template, and faults of AWS services apply', async () => {
  const faults = new FaultBoard();
  const server = await givenServer(faults);
  const listTables = async () => {
    const response = await call(server.url, 'ListTables', {});
    return { status: response.status, body: await response.json() };
  };
  try {
    expect(await listTables()).toEqual({ status: 200, body: { TableNames: ['ledger'] } });
    await faults.set(
      'aws',
      parseFaults({ service: 'dynamodb', operation: 'ListTables', error: 'InternalServerError' }),
    );
    expect(await listTables()).toMatchObject({ status: 500, body: { __type: 'InternalServerError' } });
  } finally {
    await server.close();
  }
});

it('finishes requests before it closes', async () => {
  const server = await givenServer(new FaultBoard());
  const put = (id: number) => call(server.url, 'PutItem', { TableName: 'ledger', Item: { id: { S: `${id}` } } });

  const asked = Array.from({ length: 50 }, (_, id) => put(id));
  const ended = Promise.allSettled(asked);
  await asked[0];
  await server.close();

  // The remaining requests are aborted. A server that processed a request after its close would throw an error in this process.
  const answers = await ended;
  const statuses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.status] : []));
  expect(statuses).toEqual(statuses.map(() => 200));
  expect(statuses.length).toBeGreaterThan(0);
});
