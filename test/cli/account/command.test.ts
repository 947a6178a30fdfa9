import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountCommand } from '../../../cli/account/command.ts';
import { recordsOf } from '../../../lambda/daily-count/records.ts';
import { pickBasePort } from '../../../local/network/ports.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';
import { startStateTable } from '../../support/state-table.ts';

/** Number of records with which each part of the table is larger than one page of 1 MB. */
const MANY = 500;
let state: Awaited<ReturnType<typeof startStateTable>>;

beforeAll(async () => {
  state = await startStateTable(await pickBasePort());
  const { table } = state;
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

afterAll(() => state.close());

it('reads every record of every page once, and no other item', async () => {
  const seen: string[] = [];
  let pages = 0;
  await recordsOf(
    'state',
    state.access,
  )((records) => {
    pages += 1;
    seen.push(...records.map(({ pk }) => pk));
  });

  expect(pages).toBeGreaterThan(4);
  expect(seen).toHaveLength(MANY + 2);
  expect(new Set(seen).size).toBe(MANY + 2);
});

it('prints the counts of a deployed table, names what is lost, and then ends with 1', async () => {
  const { both: lines, terminal } = recordedTerminal();
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: state.url,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
  });
  try {
    expect(await accountCommand(['--table', 'state', '--region', 'us-east-1'], {}, terminal)).toBe(1);
    expect(lines.join('\n')).toMatch(
      /^502 submissions were received .*\n {2}500 accepted\n {4}1 waiting\n[\s\S]* {4}1 lost\npaused: .*\nlost: gone, due at 20/,
    );
    expect(lines.join('\n')).toContain(
      `Ada's news since 2026-11-29 12:00 UTC: 6.1 % bounces of 1200 mails; to send its mail again: npm run release -- --class 'Ada'\\''s news' --table state`,
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
  const { err, terminal } = recordedTerminal();
  expect(await accountCommand(argv, {}, terminal)).toBe(2);
  expect(err.join()).toContain(words);
});
