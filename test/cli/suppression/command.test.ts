import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';
import { suppressionCommand } from '../../../cli/suppression/command.ts';
import type { SuppressionAnswer } from '../../../lambda/contract/suppression-command.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
  vi.unstubAllEnvs();
});

/** Runs the command against a stack that answers so; returns what it asked. */
async function run(argv: readonly string[], ...answers: readonly SuppressionAnswer[]) {
  const asked: Record<string, unknown>[] = [];
  const left = [...answers];
  server = createServer(async (request, response) => {
    if (request.method === 'GET') return void response.end(JSON.stringify({ ready: true }));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.end(JSON.stringify(left.shift()));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => out.push(line), err: (text: string) => err.push(text), interactive: false };
  const MAILOVER_PORT = String((server.address() as AddressInfo).port);
  const code = await suppressionCommand(argv, { MAILOVER_PORT }, terminal as never);
  return { code, asked, out: out.join('\n'), err: err.join('') };
}

const ADA = {
  address: 'ada@example.org',
  reason: 'hard-bounce',
  source: 'ses',
  at: '2026-11-29T12:00:00.000Z',
  expiresAt: '2027-05-28T12:00:00.000Z',
};

it('lists addresses masked, whatever the number of parts, and in full if asked to', async () => {
  const parts = [
    { kind: 'listed', entries: [ADA], next: 7 },
    { kind: 'listed', entries: [{ ...ADA, address: 'bob@example.org' }] },
  ] as const;
  const { code, asked, out } = await run(['list'], ...parts);

  expect(code).toBe(0);
  expect(asked).toEqual([{ command: 'list' }, { command: 'list', from: 7 }]);
  expect(out).toContain('a…@example.org  hard-bounce  by ses at 2026-11-29 12:00 UTC  until 2027-05-28');
  expect(out).not.toContain('ada');
  expect((await run(['list', '--addresses', '--json'], { kind: 'listed', entries: [ADA] })).out).toContain(
    'ada@example.org',
  );
});

it('a removal that a provider does not follow is not done', async () => {
  const removed = (result: string) =>
    ({ kind: 'removed', listed: true, providers: [{ provider: 'postmark', result }] }) as const;

  expect(await run(['remove', 'ada@example.org'], removed('removed'))).toMatchObject({ code: 0 });
  expect(await run(['remove', 'ada@example.org'], removed('kept'))).toMatchObject({
    code: 1,
    out: expect.stringContaining('postmark: keeps it'),
  });
  expect(await run(['remove', 'ada@example.org'], removed('failed: 401'))).toMatchObject({ code: 1 });
});

it('ends an unsubscribe from a class, and says if there was none', async () => {
  const { code, asked, out } = await run(['remove', 'ada@example.org', '--class', 'news'], {
    kind: 'subscribed',
    was: true,
  });

  expect([code, asked]).toEqual([0, [{ command: 'remove', address: 'ada@example.org', class: 'news' }]]);
  expect(out).toBe('removed: mail of the class goes there again');
  expect(await run(['remove', 'ada@example.org', '--class', 'news'], { kind: 'subscribed', was: false })).toMatchObject(
    {
      code: 1,
      out: 'the address had not unsubscribed from that class',
    },
  );
});

it('takes back the last three days by default, and another time if one is given', async () => {
  const at = (result: string) =>
    ({ kind: 'taken-back', removed: 2, providers: [{ provider: 'ses', result }] }) as const;
  const taken = at('2 removed there');
  const { asked, out } = await run(['take-back', 'mailgun'], taken);

  expect(out).toBe('2 addresses of mailgun removed\nses: 2 removed there');
  expect(Math.round((Date.now() - Number(asked[0]?.['since'])) / 60_000)).toBe(3 * 24 * 60);
  const other = await run(['take-back', 'mailgun', '--since', '2h'], taken);
  expect(Math.round((Date.now() - Number(other.asked[0]?.['since'])) / 60_000)).toBe(120);
  for (const result of ['1 removed there, 1 left', 'failed: 401'])
    expect(await run(['take-back', 'mailgun'], at(result))).toMatchObject({
      code: 1,
      out: expect.stringContaining('the daily run does the rest'),
    });
});

it('says what to do when an import is in doubt, and confirms it with --confirm', async () => {
  const result = { provider: 'ses', outcome: 'doubted', imported: 0, added: 0, removed: 0, withheld: 60 } as const;
  const { code, asked, out } = await run(['import', 'ses'], { kind: 'mirrored', providers: [result] });

  expect([code, asked]).toEqual([1, [{ command: 'import', provider: 'ses' }]]);
  expect(out).toContain('60 new entries are far more than its mail explains');
  expect(out).toContain('import ses --confirm');
  const confirmed = await run(['import', 'ses', '--confirm'], { kind: 'mirrored', providers: [] });
  expect(confirmed.asked).toEqual([{ command: 'import', provider: 'ses', isConfirmed: true }]);
});

it.each([
  [['mirror', '--confirm'], '--confirm goes with import only'],
  [[], 'there are list, add, remove, import, mirror and take-back'],
  [['erase'], 'not "erase"'],
  [['list', 'ada@example.org'], 'list takes no "ada@example.org"'],
  [['remove'], 'remove takes an address'],
  [['add', 'nonsense'], 'not "nonsense"'],
  [['import', 'No'], 'not "No"'],
  [['take-back', 'ses', '--since', 'yesterday'], 'not "yesterday"'],
  [['mirror', '--since', '3d'], '--since goes with take-back only'],
  [['add', 'ada@example.org', '--class', 'news'], '--class goes with remove only'],
  [['list', '--region', 'eu-west-1'], '--region goes with --function NAME'],
  [['list', '--all'], 'there is no option --all'],
])('refuses %j with what would be right, and exit code 2', async (argv, message) => {
  const { code, asked, err } = await run(argv);

  expect([code, asked]).toEqual([2, []]);
  expect(err).toContain(message);
});

it('invokes a deployed function, and says where its error is', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'operator').stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  let failed = false;
  const invoked: string[] = [];
  server = createServer(async (request, response) => {
    invoked.push(`${request.method} ${request.url} ${await text(request)}`);
    if (failed) response.setHeader('x-amz-function-error', 'Unhandled');
    response.end(JSON.stringify({ kind: 'listed', entries: [ADA] }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const said: string[] = [];
  const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) };
  const ask = () =>
    suppressionCommand(['list', '--function', 'Mirror', '--region', 'eu-west-1'], {}, terminal as never);

  expect(await ask()).toBe(0);
  failed = true;
  expect(await ask()).toBe(1);

  expect(invoked).toEqual(Array(2).fill('POST /2015-03-31/functions/Mirror/invocations {"command":"list"}'));
  expect(said).toEqual([
    expect.stringMatching(/^a…@example\.org {2}hard-bounce/),
    'suppression: the function Mirror failed; its log has the reason\n',
  ]);
});
