import { afterEach, describe, expect, it } from 'vitest';
import { dynamoTable } from '../../../lambda/platform/table.ts';
import { startServer } from '../../support/local-server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Starts a table that answers only for the first `each` keys of a request, and omits the other keys. */
async function givenTable(each: number) {
  const asked: string[][] = [];
  const { url, close } = await startServer((response, { body }) => {
    const { RequestItems } = JSON.parse(body.toString());
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
  closers.push(close);
  const table = dynamoTable('state', {
    endpoint: url,
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

    await expect(table.getAll(['switch/a'])).rejects.toThrow('unprocessed');
    expect(asked).toHaveLength(3);
  });
});
