import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sendCommand } from '../../../cli/send/command.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';
import { type Behaviour, type FakeStack, fakeStack } from './fake-stack.ts';

let stack: FakeStack | undefined;
let folder: string | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  await stack?.close();
  stack = undefined;
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

describe('npm run send', () => {
  it('names the provider that took the submission', async () => {
    await givenStack(() => 'accept');

    const { code, out } = await run('--to', 'ada@example.org', '--subject', 'hi');

    expect(code).toBe(0);
    expect(out).toMatch(/accepted by postmark as pm-1, after \d+\.\d s/);
    expect(submitted()).toMatchObject({
      version: 1,
      from: 'hello@example.com',
      to: ['ada@example.org'],
      subject: 'hi',
    });
  });

  it('puts ASCII on the queue, with other characters as escapes', async () => {
    await givenStack(() => 'accept');

    await run('--to', 'ada@example.org', '--subject', 'Grüße 🎉');

    expect(stack?.bodies[0]).toMatch(/^[\x20-\x7e]+$/);
    expect(submitted()).toMatchObject({ subject: 'Grüße 🎉' });
  });

  it('says why a submission is in the dead-letter queue', async () => {
    await givenStack(() => ({ reason: 'Malformed' }));

    const { code, out } = await run('--to', 'ada');

    expect(code).toBe(1);
    expect(out).toContain('in the dead-letter queue: Malformed (to: address without a domain)');
  });

  it('finds an invalid body by the id in it', async () => {
    await givenStack(() => ({ reason: 'Malformed', id: 'sqs-message-id' }));

    const { out } = await run('--to', 'ada');

    expect(out).toContain('Malformed');
  });

  it('says that no recipient may be mailed', async () => {
    await givenStack(() => 'suppress');

    const { code, out } = await run('--to', 'ada@example.org');

    expect(code).toBe(1);
    expect(out).toContain('suppressed');
  });

  it('names the retry queue that still holds it after the wait', async () => {
    await givenStack(() => 'keep');

    const { code, out } = await run('--to', 'ada@example.org', '--wait', '1');

    expect(code).toBe(1);
    expect(out).toContain('waiting to be tried again, in retry queue postmark (1)');
  });

  it('reads a submission from a file, and options replace its fields', async () => {
    await givenStack(() => 'accept');
    const file = givenFile(JSON.stringify({ version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'] }));

    const { code } = await run('--file', file, '--text', 'hello', '--provider', 'ses');

    expect(code).toBe(0);
    expect(submitted()).toEqual({
      version: 1,
      id: 'order-1',
      from: 'a@example.com',
      to: ['b@example.org'],
      text: 'hello',
      providers: { only: ['ses'] },
    });
  });

  it('sends many under ids of their own and totals them by end', async () => {
    await givenStack(({ id }) => (id.endsWith('-7') ? { reason: 'Refused' } : 'accept'));

    const { code, out, err } = await run('--to', 'ada@example.org', '--count', '25');

    expect(code).toBe(1);
    expect(new Set(stack?.bodies.map((body) => JSON.parse(body).id)).size).toBe(25);
    expect(out).toMatch(/25 of 25 ended in .* s/);
    expect(out).toContain('24  accepted by postmark');
    expect(out).toContain('1  dead-letter queue: Refused');
    expect(err).toContain('25/25');
  });

  it('finds its own among many dead letters, and leaves them all visible', async () => {
    await givenStack(() => ({ reason: 'Refused' }));

    const { code, out } = await run('--to', 'ada@example.org', '--count', '45');

    expect(code).toBe(1);
    expect(out).toContain('45  dead-letter queue: Refused');
    expect(stack?.hidden()).toBe(0);
  });

  it('prints JSON and nothing else with --json', async () => {
    await givenStack(({ id }) => (id.endsWith('-2') ? { reason: 'Refused' } : 'accept'));

    const one = await run('--to', 'ada@example.org', '--json');
    const two = await run('--to', 'ada@example.org', '--json', '--count', '2');

    expect(JSON.parse(one.out)).toEqual({
      id: expect.any(String),
      state: 'accepted',
      provider: 'postmark',
      providerMessageId: 'pm-1',
      seconds: expect.any(Number),
    });
    expect(JSON.parse(two.out)).toMatchObject({
      count: 2,
      results: [
        { state: 'accepted', provider: 'postmark' },
        { state: 'dead', reason: 'Refused' },
      ],
    });
    expect([one.code, two.code]).toEqual([0, 1]);
  });

  it('refuses an unknown provider before anything is sent', async () => {
    await givenStack(() => 'accept');

    const { code, err } = await run('--to', 'ada@example.org', '--provider', 'postmrak');

    expect(code).toBe(2);
    expect(err).toContain('there is no provider "postmrak"; there are: postmark, ses');
    expect(stack?.bodies).toEqual([]);
  });

  it('follows a deployed queue to its dead-letter queue', async () => {
    await givenStack(() => ({ reason: 'Refused' }));
    const queue = (name: string) => `http://127.0.0.1:${stack?.port}/000000000000/${name}`;

    const { code, out } = await run(
      '--to',
      'a@example.org',
      '--queue',
      queue('outbound'),
      '--dead-letter',
      queue('dead'),
    );

    expect(code).toBe(1);
    expect(out).toContain('Refused');
  });
});

describe('npm run send, called wrongly', () => {
  it.each([
    { argv: [], says: '--to' },
    { argv: ['--to', 'a@example.org', '--count', 'many'], says: '--count takes a whole number' },
    { argv: ['--to', 'a@example.org', '--wait', '0'], says: '--wait takes a whole number' },
    { argv: ['--to', 'a@example.org', '--queue', 'outbound'], says: '--queue takes a queue URL' },
    { argv: ['--to', 'a@example.org', '--queue', 'https://example.com/q'], says: 'has no region' },
    { argv: ['--to', 'a@example.org', '--dead-letter', 'https://example.com/q'], says: '--dead-letter goes with' },
    { argv: ['--file', '/nonexistent.json'], says: 'cannot be read (ENOENT)' },
    { argv: ['--recipient', 'a@example.org'], says: '--recipient' },
  ])('refuses $argv with an error that helps', async ({ argv, says }) => {
    const { code, err } = await run(...argv);

    expect(code).toBe(2);
    expect(err).toContain(says);
  });

  it('refuses a file that is not a JSON object', async () => {
    const { code, err } = await run('--file', givenFile('["not", "one"]'));

    expect(code).toBe(2);
    expect(err).toContain('does not contain a JSON object');
  });

  it('says how to start the local stack when none runs', async () => {
    await givenStack(() => 'accept');
    await stack?.close();

    const { code, err } = await run('--to', 'ada@example.org');

    expect(code).toBe(1);
    expect(err).toContain('npm start');
  });

  it('refuses a stack that is still starting', async () => {
    stack = await fakeStack(() => 'accept', { ready: false });

    const { code, err } = await run('--to', 'ada@example.org');

    expect(code).toBe(1);
    expect(err).toContain('still starting');
  });

  it.each([
    ['subject', 'npm_config_subject'],
    ['to', 'npm_config_token_description'],
  ])('notices that "--" was forgotten before --%s', async (option, variable) => {
    vi.stubEnv(variable, 'true');
    vi.stubEnv('npm_lifecycle_event', 'send');

    const { code, err } = await run('ada@example.org');

    expect(code).toBe(2);
    expect(err).toContain(
      `npm took --${option} for itself: options come after "--", as in npm run send -- --${option}`,
    );
  });

  it('prints its options on request', async () => {
    const { code, out } = await run('--help');

    expect(code).toBe(0);
    expect(out).toContain('--dead-letter URL');
  });
});

async function givenStack(behave: Behaviour): Promise<void> {
  stack = await fakeStack(behave);
}

function givenFile(content: string): string {
  folder = mkdtempSync(join(tmpdir(), 'mailover-send-'));
  const file = join(folder, 'message.json');
  writeFileSync(file, content);
  return file;
}

function submitted(): Record<string, unknown> {
  return JSON.parse(stack?.bodies[0] ?? '{}') as Record<string, unknown>;
}

async function run(...argv: string[]) {
  const { out, err, terminal } = recordedTerminal();
  const code = await sendCommand(argv, { MAILOVER_PORT: stack?.port ?? '1' }, terminal);
  return { code, out: out.join('\n'), err: err.join('') };
}
