import { expect, it } from 'vitest';
import { startDynamodb } from '../../local/dynamodb.ts';
import { FaultBoard, parseFaults } from '../../local/faults.ts';
import { ownHosts } from '../../local/own-hosts.ts';
import { pickBasePort } from '../../local/ports.ts';

it('has the tables of the template, and the faults of our services', async () => {
  const faults = new FaultBoard();
  const server = await startDynamodb({
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
  const listTables = async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
        'x-amz-date': '20261123T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=any/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=any',
      },
      body: '{}',
    });
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
