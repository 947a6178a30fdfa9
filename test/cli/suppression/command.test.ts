import { afterEach, expect, it, vi } from 'vitest';
import { suppressionCommand } from '../../../cli/suppression/command.ts';
import type { SuppressionAnswer } from '../../../lambda/contract/suppression-command.ts';
import { type Answer, startServer } from '../../support/local-server.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  vi.unstubAllEnvs();
});

async function serve(answer: Answer) {
  const server = await startServer(answer);
  closers.push(server.close);
  return server;
}

/** Runs the command against a fake stack that gives these answers, one for each request. The result includes the requests. */
async function run(argv: readonly string[], ...answers: readonly SuppressionAnswer[]) {
  const asked: Record<string, unknown>[] = [];
  const left = [...answers];
  const server = await serve((response, { method, body }) => {
    if (method === 'GET') return response.end(JSON.stringify({ ready: true }));
    asked.push(JSON.parse(body.toString()));
    response.end(JSON.stringify(left.shift()));
  });
  const { out, err, terminal } = recordedTerminal();
  const code = await suppressionCommand(argv, { MAILOVER_PORT: server.port }, terminal);
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
  expect(out).toBe('removed: the address gets mail of the class again');
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
  expect(out).toContain('60 new entries are far more than the mail sent through it explains');
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
  const server = await serve((response) => {
    if (failed) response.setHeader('x-amz-function-error', 'Unhandled');
    response.end(JSON.stringify({ kind: 'listed', entries: [ADA] }));
  });
  vi.stubEnv('AWS_ENDPOINT_URL', server.url);
  const { both, terminal } = recordedTerminal();
  const ask = () => suppressionCommand(['list', '--function', 'Mirror', '--region', 'eu-west-1'], {}, terminal);

  expect(await ask()).toBe(0);
  failed = true;
  expect(await ask()).toBe(1);

  expect(server.received.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual(
    Array(2).fill('POST /2015-03-31/functions/Mirror/invocations {"command":"list"}'),
  );
  expect(both).toEqual([
    expect.stringMatching(/^a…@example\.org {2}hard-bounce/),
    'suppression: the function Mirror failed; its log has the reason\n',
  ]);
});
