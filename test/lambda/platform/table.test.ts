import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { dynamoTable } from '../../../lambda/platform/table.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A table that answers for the first `each` keys of a request only, and leaves out the others. */
async function givenTable(each: number) {
  const asked: string[][] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { RequestItems } = JSON.parse(Buffer.concat(chunks).toString());
    const keys: { pk: { S: string } }[] = RequestItems.state.Keys;
    asked.push(keys.map(({ pk }) => pk.S));
    const left = keys.slice(each);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(
      JSON.stringify({
        Responses: { state: keys.slice(0, each).map(({ pk }) => ({ pk, rev: { N: '1' } })) },
        UnprocessedKeys: left.length > 0 ? { state: { Keys: left } } : {},
      }),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const table = dynamoTable('state', {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  return { table, asked };
}

describe('reading several items', () => {
  it('asks again for keys that a table under load left out', async () => {
    const { table, asked } = await givenTable(2);

    const items = await table.getAll(['switch/a', 'switch/b', 'circuit/a']);

    expect([...items.keys()]).toEqual(['switch/a', 'switch/b', 'circuit/a']);
    expect(asked).toEqual([['switch/a', 'switch/b', 'circuit/a'], ['circuit/a']]);
  });

  it('fails instead of calling an item missing that was left out', async () => {
    const { table, asked } = await givenTable(0);

    await expect(table.getAll(['switch/a'])).rejects.toThrow('left out');
    expect(asked).toHaveLength(3);
  });
});
