import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountCommand } from '../../../cli/account/command.ts';
import { recordsOf } from '../../../lambda/account/records.ts';
import { dynamoTable } from '../../../lambda/platform/table.ts';
import { startDynamodb } from '../../../local/aws/dynamodb.ts';
import { FaultBoard } from '../../../local/faults/faults.ts';
import { ownHosts } from '../../../local/http-api/own-hosts.ts';
import { pickBasePort } from '../../../local/ports.ts';

/** Records of more than one page of 1 MB in each part of the table. */
const MANY = 500;
const closers: (() => Promise<unknown>)[] = [];
let endpoint = '';

beforeAll(async () => {
  const dynamodb = await startDynamodb({
    port: await pickBasePort(),
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
  closers.push(dynamodb.close);
  endpoint = dynamodb.url;
  const table = dynamoTable('state', access());
  const now = Date.now();
  const record = (id: string, fields: object) =>
    table.write({ pk: `submission/${id}`, firstSeen: now, hash: 'h'.repeat(16_000), ...fields }, undefined);
  for (let from = 0; from < MANY; from += 100)
    await Promise.all(Array.from({ length: 100 }, (_, n) => record(`order-${from + n}`, { state: 'done' })));
  await record('gone', { state: 'open', nextTryAt: now - 7_200_000 });
  await record('waits', { state: 'open', nextTryAt: now + 60_000 });
  await table.write({ pk: 'circuit/postmark', state: 'open' }, undefined);
  const pause = { of: 'bounces', rate: 0.0614, mails: 1_200, since: Date.UTC(2026, 10, 29, 12) };
  await table.write({ pk: 'paused-classes', paused: { "Ada's news": pause } }, undefined);
}, 60_000);

afterAll(async () => {
  for (const close of closers) await close();
});

function access() {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
}

it('reads every record of every page once, and no other item', async () => {
  const seen: string[] = [];
  let pages = 0;
  await recordsOf(
    'state',
    access(),
  )((records) => {
    pages += 1;
    seen.push(...records.map(({ pk }) => pk));
  });

  expect(pages).toBeGreaterThan(4);
  expect(seen).toHaveLength(MANY + 2);
  expect(new Set(seen).size).toBe(MANY + 2);
});

it('prints the account of a deployed table, names what is lost, and then ends with 1', async () => {
  const lines: string[] = [];
  const terminal = { out: (line: string) => void lines.push(line), err: (text: string) => void lines.push(text) };
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  });
  try {
    expect(await accountCommand(['--table', 'state', '--region', 'us-east-1'], {}, terminal)).toBe(1);
    expect(lines.join('\n')).toMatch(
      /^502 submissions were taken .*\n {2}500 accepted\n {4}1 waiting\n[\s\S]* {4}1 lost\npaused: .*\nlost: gone, due at 20/,
    );
    expect(lines.join('\n')).toContain(
      `Ada's news since 2026-11-29 12:00 UTC: 6.1 % bounces of 1200 mails; to send it again: npm run release -- --class 'Ada'\\''s news' --table state`,
    );
    lines.length = 0;
    expect(await accountCommand(['--table', 'state', '--region', 'us-east-1', '--json'], {}, terminal)).toBe(1);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      taken: 502,
      counts: { lost: 1 },
      lost: [{ id: 'gone' }],
      paused: [{ class: "Ada's news" }],
    });
  } finally {
    process.env = before;
  }
});

it.each([
  [['more'], 'account takes options only, not "more"'],
  [['--region', 'x'], '--region goes with --table NAME'],
])('refuses %j', async (argv, words) => {
  const errors: string[] = [];
  expect(await accountCommand(argv, {}, { out: () => {}, err: (text) => void errors.push(text) })).toBe(2);
  expect(errors.join()).toContain(words);
});
