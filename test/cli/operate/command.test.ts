import Fastify from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operate } from '../../../cli/operate/command.ts';
import { readIsolation } from '../../../lambda/circuit/items.ts';
import type { Table } from '../../../lambda/platform/table.ts';
import { pauseClasses, readPaused } from '../../../lambda/reputation/paused-classes.ts';
import { addCircuits } from '../../../local/api/circuits.ts';
import { pickBasePort } from '../../../local/network/ports.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';
import { startStateTable } from '../../support/state-table.ts';

let port = 0;
let table: Table;
let ready = true;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  port = await pickBasePort();
  const state = await startStateTable(port + 1);
  closers.push(state.close);
  table = state.table;
  const keys = ['postmark', 'mailgun'];
  const api = Fastify({ forceCloseConnections: true });
  addCircuits(api, { state: () => table, providers: () => keys, forget: async () => {} });
  api.get('/api/stack', async () => ({
    ready,
    tables: { state: 'state' },
    endpoints: { aws: '', dynamodb: state.url },
    providers: keys.map((key) => ({ key, type: key, url: '' })),
  }));
  api.get('/api/time', async () => ({
    scale: 1,
    stackTime: new Date().toISOString(),
    since: new Date(0).toISOString(),
  }));
  await api.listen({ port, host: '127.0.0.1' });
  closers.push(() => api.close());
});

beforeEach(async () => {
  ready = true;
  await circuits('DELETE');
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

describe('npm run isolate', () => {
  it('writes operator, reason and end, and the API shows them', async () => {
    const { code, out } = await run('isolate', 'postmark', '--reason', 'on a blocklist', '--for', '2h', '--who', 'ada');

    expect(code).toBe(0);
    expect(out).toMatch(/postmark is isolated until .* UTC \(the local stack\); all workers know within 10 seconds/);
    const [postmark, mailgun] = (await circuits('GET')) as { state: string; since: string; until: string }[];
    expect(postmark).toMatchObject({ provider: 'postmark', state: 'isolated', reason: 'on a blocklist', who: 'ada' });
    expect(Date.parse(postmark?.until ?? '') - Date.parse(postmark?.since ?? '')).toBe(7_200_000);
    expect(mailgun).toEqual({ provider: 'mailgun', state: 'closed' });
  });

  it('ends by itself after a day by default', async () => {
    await run('isolate', 'postmark', '--reason', 'a test');

    const { since, until } = readIsolation(await table.get('switch/postmark')) ?? { since: 0, until: 0 };
    expect(until - since).toBe(86_400_000);
  });

  it('says what it replaces', async () => {
    await run('isolate', 'postmark', '--reason', 'first', '--who', 'ada');

    const { out } = await run('isolate', 'postmark', '--reason', 'second', '--for', '30m');

    expect(out).toMatch(
      /postmark was isolated since .* by ada: first; the new isolation replaces the earlier isolation/,
    );
  });

  it('shows what is isolated', async () => {
    expect((await run('isolate')).out).toContain('no provider is isolated');
    await run('isolate', 'mailgun', '--reason', 'slow', '--who', 'ada');
    await run('isolate', 'postmark', '--reason', 'on a blocklist', '--who', 'bob');

    const { code, out } = await run('isolate');

    expect(code).toBe(0);
    expect(out).toMatch(/mailgun is isolated since .* until .* by ada: slow\npostmark is isolated .* by bob: on a/);
  });

  it('prints JSON with --json', async () => {
    const { out } = await run('isolate', 'postmark', '--reason', 'first', '--who', 'ada', '--json');
    const shown = await run('isolate', '--json');

    expect(JSON.parse(out)).toEqual({ provider: 'postmark', isolatedUntil: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(JSON.parse(shown.out)).toEqual([
      { provider: 'postmark', reason: 'first', who: 'ada', since: expect.any(String), until: expect.any(String) },
    ]);
  });

  it('gives the command that ends it, for the port of this stack', async () => {
    const { out } = await run('isolate', 'postmark', '--reason', 'a test');

    expect(out).toContain(`to end it earlier: MAILOVER_PORT=${port} npm run release -- postmark`);
  });

  it('keeps unknown fields of a switch', async () => {
    const item = await table.get('switch/ses');
    await table.write({ pk: 'switch/mailgun', newer: 'kept' }, (await table.get('switch/mailgun'))?.rev);

    await run('isolate', 'mailgun', '--reason', 'a test');

    expect(item).toBeUndefined();
    expect(await table.get('switch/mailgun')).toMatchObject({ newer: 'kept', reason: 'a test' });
  });
});

describe('npm run release', () => {
  it('ends an isolation at once', async () => {
    await run('isolate', 'postmark', '--reason', 'on a blocklist', '--who', 'ada');

    const { code, out } = await run('release', 'postmark', '--who', 'bob');

    expect(code).toBe(0);
    expect(out).toMatch(/postmark is released .* by ada: on a blocklist/);
    expect(await table.get('switch/postmark')).toMatchObject({ who: 'ada', releasedBy: 'bob' });
    expect((await run('isolate')).out).toContain('no provider is isolated');
  });

  it('says that there is nothing to release', async () => {
    const { code, err } = await run('release', 'postmark');

    expect(code).toBe(1);
    expect(err).toContain('postmark is not isolated');
  });
});

describe('npm run release of a class', () => {
  it('ends its pause, says what it was, and names the operator', async () => {
    const pause = { of: 'complaints', rate: 0.0011, mails: 9_000, since: Date.UTC(2026, 10, 29, 12) } as const;
    await pauseClasses(table, () => new Map([['news', pause]]));

    const { code, out, err } = await run('release', '--class', 'news', '--who', 'ada');

    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      'the class news is released (the local stack); it was paused since 2026-11-29 12:00 UTC: 0.11 % complaints of 9000 mails',
    );
    expect(await readPaused(table)).toMatchObject({ paused: {}, resumed: { news: { who: 'ada' } } });
  });

  it('says that a class is not paused', async () => {
    const { code, err } = await run('release', '--class', 'receipts');

    expect([code, err]).toEqual([1, expect.stringContaining('the class receipts is not paused')]);
  });
});

describe('called wrongly', () => {
  it.each([
    { argv: ['isolate', 'postmark'], says: 'give a --reason' },
    { argv: ['isolate', 'postmark', '--reason', ' '], says: 'give a --reason' },
    { argv: ['isolate', 'postmark', '--reason', 'x', '--for', '2 hours'], says: '--for takes a time' },
    { argv: ['isolate', 'postmark', '--reason', 'x', '--for', '31d'], says: '--for takes a time' },
    { argv: ['isolate', 'postmark', '--reason', 'x', '--for', '0h'], says: '--for takes a time' },
    { argv: ['isolate', 'postmrak', '--reason', 'x'], says: 'there are: postmark, mailgun' },
    { argv: ['isolate', 'Postmark', '--reason', 'x'], says: 'cannot be the key' },
    { argv: ['isolate', 'postmark', 'mailgun', '--reason', 'x'], says: 'give one provider' },
    { argv: ['isolate', '--reason', 'x'], says: 'which provider?' },
    { argv: ['isolate', 'postmark', '--reason', 'x', '--region', 'eu-west-1'], says: '--region goes with --table' },
    { argv: ['release', 'postmrak'], says: 'there are: postmark, mailgun' },
    { argv: ['release'], says: 'which provider?' },
    { argv: ['release', 'postmark', '--for', '2h'], says: 'takes no --reason and no --for' },
    { argv: ['release', 'postmark', '--because', 'x'], says: '--because' },
    { argv: ['isolation'], says: 'there are "isolate", "release" and "doubted"' },
  ])('$argv is refused with an error that helps', async ({ argv, says }) => {
    const { code, err } = await run(...argv);

    expect(code).toBe(2);
    expect(err).toContain(says);
  });

  it('says how to start the local stack when none runs, and waits for none that is starting', async () => {
    ready = false;
    expect((await run('isolate')).err).toContain('still starting');

    const { code, err } = await run('isolate', { MAILOVER_PORT: '1' });

    expect(code).toBe(1);
    expect(err).toContain('npm start');
  });

  it('prints its options on request', async () => {
    const { code, out } = await run('isolate', '--help');

    expect(code).toBe(0);
    expect(out).toContain('--table NAME');
  });
});

async function circuits(method: 'GET' | 'DELETE'): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/api/circuits`, { method });
  expect(response.status).toBe(method === 'GET' ? 200 : 204);
  return method === 'GET' ? response.json() : undefined;
}

async function run(...argv: (string | Record<string, string>)[]) {
  const { out, err, terminal } = recordedTerminal();
  const environment = argv.find((one) => typeof one === 'object') ?? { MAILOVER_PORT: String(port) };
  const code = await operate(
    argv.filter((one) => typeof one === 'string'),
    environment,
    terminal,
  );
  return { code, out: out.join('\n'), err: err.join('') };
}
