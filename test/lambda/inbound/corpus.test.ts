import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { givenWorld, mailgunRequest } from './world.ts';

// These tests read mail that was not written for them: the mail corpora on this machine, both intact and damaged. If Python is
// installed, the test data of its email package (PSF licence) is read. The environment variable MAILOVER_EML_CORPUS names another
// directory.

const FIXTURES = new URL('./fixtures/', import.meta.url).pathname;

function pythonCorpus(): string | undefined {
  try {
    const script = 'import test.test_email as t, os; print(os.path.join(os.path.dirname(t.__file__), "data"))';
    return execFileSync('python3', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

const directories = [FIXTURES, pythonCorpus(), process.env['MAILOVER_EML_CORPUS']].filter((it) => it !== undefined);
const mails = directories.flatMap((directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(eml|txt|msg|mime)$/i.test(name))
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => [file.split('/').at(-1) ?? file, readFileSync(file)] as const),
);

test(`${mails.length} mails of corpora pass without an exception`, { timeout: 120_000 }, async () => {
  for (const [name, mail] of mails) {
    const world = givenWorld();

    const { status } = await world.receive(asPosted(mail));

    expect(status, name).toBe(200);
    expect(world.messages(), name).toHaveLength(1);
    expect(world.log.join('\n'), name).not.toContain('failed');
  }
});

test('the same mails pass after damage', { timeout: 120_000 }, async () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (const [name, mail] of mails.filter(([, { length }]) => length > 0))
    for (let round = 0; round < 8; round += 1) {
      const damaged = Buffer.from(mail.subarray(0, round % 2 ? 1 + random(mail.length) : mail.length));
      for (let hit = 0; hit < 1 + random(20); hit += 1) damaged[random(damaged.length)] = random(256);
      const world = givenWorld();

      const { status } = await world.receive(asPosted(damaged));

      expect(status, `${name}, round ${round}`).toBe(200);
      expect(world.messages(), `${name}, round ${round}`).toHaveLength(1);
    }
});

function asPosted(mail: Buffer) {
  return mailgunRequest(
    [
      ['recipient', 'box@in.example.com'],
      ['sender', 'ada@example.org'],
      ['body-mime', mail],
    ],
    { multipart: true },
  );
}
