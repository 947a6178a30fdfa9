import { LOCAL_ACCESS } from '../../cli/local-stack.ts';
import { dynamoTable } from '../../lambda/platform/table.ts';
import { startDynamodb } from '../../local/aws/dynamodb.ts';
import { FaultBoard } from '../../local/faults/faults.ts';
import { ownHosts } from '../../local/network/own-hosts.ts';

/** Starts a DynamoDB server in memory with an empty state table, which has the name `state`. */
export async function startStateTable(port: number) {
  const { url, close } = await startDynamodb({
    port,
    faults: new FaultBoard(),
    own: ownHosts(),
    tables: [
      {
        TableName: 'state',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    ],
  });
  const access = { endpoint: url, ...LOCAL_ACCESS };
  return { url, close, access, table: dynamoTable('state', access) };
}
