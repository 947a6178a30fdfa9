import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { accountCommand } from '../../cli/account/command.ts';
import { operate } from '../../cli/operate/command.ts';
import { recordedTerminal } from '../support/recorded-terminal.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

vi.setConfig({ testTimeout: 120_000 });

/** At this time scale, a minute of the local stack lasts one second. The health check runs every minute. */
const TIME_SCALE = 60;
/** A list of bad addresses: the number of mails that bounce, and the number of all mails. More than 4 % bounce. */
const [BOUNCING, MAILS] = [12, 240];
const PER_MAIL = 40;
/** Milliseconds of real time after which all sender processes know that a class of mail is paused. */
const WORKERS_KNOW_MS = 10_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/classes.ts');
}, 90_000);
afterAll(() => stack?.close());

test('a class with too many bounces is paused, mail of other classes is sent, and the command releases the class', async () => {
  await Promise.all([sendList('news'), sendList('resets')]);
  await expect.poll(paused, { timeout: 60_000, interval: 500 }).toEqual(['news bounces']);
  await wait(WORKERS_KNOW_MS);

  await Promise.all([send('news-later', 'news'), send('reset', 'resets'), send('receipt', 'receipts')]);
  await stack.accepted(['reset', 'receipt']);
  await expect
    .poll(() => stack.submission('news-later'), { timeout: 20_000 })
    .toMatchObject({ state: 'waiting', reason: 'class-paused', attempts: [] });
  await expect.poll(stack.raised, { timeout: 60_000, interval: 500 }).toContain('Mailover/ClassPaused');
  expect(await stack.raised()).not.toContain('Mailover/MailStopped');

  expect(await run(operate, ['release', '--class', 'receipts'])).toMatchObject({ code: 1 });
  expect(await run(operate, ['release', '--class', 'news', '--who', 'ada'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^the class news is released .* [\d.]+ % bounces of \d+ mails/),
  });
  await stack.accepted(['news-later']);
  expect(await paused()).toEqual([]);
});

test('DELETE /api/state ends pauses and deletes the counts of mail that caused the pauses', async () => {
  await sendList('offers');
  await expect.poll(paused, { timeout: 60_000, interval: 500 }).toEqual(['offers bounces']);
  await fetch(`${stack.url}/api/state`, { method: 'DELETE' });
  expect(await paused()).toEqual([]);

  await send('offers-later', 'offers');
  await stack.accepted(['offers-later']);
  // The health check decides about pauses. This wait is long enough for a few runs of the health check.
  await wait(4_000);
  expect(await paused()).toEqual([]);
});

/** Sends mail of one class to a list of addresses of the SES mailbox simulator. Some of the addresses bounce. */
async function sendList(name: string): Promise<void> {
  const addresses = Array.from(
    { length: MAILS },
    (_, n) => `${n < BOUNCING ? 'bounce' : 'success'}+${name}-${n}@simulator.amazonses.com`,
  );
  const ids: string[] = [];
  for (let from = 0; from < MAILS; from += PER_MAIL) {
    ids.push(`${name}-${from}`);
    await send(`${name}-${from}`, name, addresses.slice(from, from + PER_MAIL));
  }
  await stack.accepted(ids);
}

async function send(id: string, name: string, to: readonly string[] = ['ada@example.org']): Promise<void> {
  await stack.send([{ version: 1, id, class: name, from: 'a@example.com', to, subject: id, text: 'x' }]);
}

async function paused(): Promise<string[]> {
  const { out } = await run((argv, environment, terminal) => accountCommand(argv, environment, terminal), ['--json']);
  const { paused: classes } = JSON.parse(out) as { paused: { class: string; of: string }[] };
  return classes.map((one) => `${one.class} ${one.of}`);
}

async function run(command: typeof operate, argv: readonly string[]) {
  const { both, terminal } = recordedTerminal();
  const code = await command(argv, { MAILOVER_PORT: new URL(stack.url).port }, terminal);
  return { code, out: both.join('\n') };
}
