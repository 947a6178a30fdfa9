import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { accountCommand } from '../../cli/account/command.ts';
import { operate } from '../../cli/operate/command.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A minute of the health check in a second. */
const TIME_SCALE = 60;
/** Mails that bounce, and all mails, of a bad list: above 4 %. */
const [BOUNCING, MAILS] = [12, 240];
const PER_MAIL = 40;
/** All workers know of a pause after this time of the clock. */
const WORKERS_KNOW_MS = 10_000;

let stack: RunningStack;
beforeAll(async () => {
  stack = await givenStack(TIME_SCALE, 'test/flow/apps/classes.ts');
}, 90_000);
afterAll(() => stack?.close());

test('a class with too many bounces pauses, the others go on, and the command releases it', async () => {
  await Promise.all([sendList('news'), sendList('resets')]);
  await expect.poll(paused, { timeout: 60_000, interval: 500 }).toEqual(['news bounces']);
  await wait(WORKERS_KNOW_MS);

  await Promise.all([send('news-later', 'news'), send('reset', 'resets'), send('receipt', 'receipts')]);
  await stack.accepted(['reset', 'receipt']);
  await expect
    .poll(() => stack.submission('news-later'), { timeout: 20_000 })
    .toMatchObject({ state: 'waiting', reason: 'class-paused', attempts: [] });
  await expect.poll(raised, { timeout: 60_000, interval: 500 }).toContain('Mailover/ClassPaused');
  expect(await raised()).not.toContain('Mailover/MailStopped');

  expect(await run(operate, ['release', '--class', 'receipts'])).toMatchObject({ code: 1 });
  expect(await run(operate, ['release', '--class', 'news', '--who', 'ada'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^the class news is released .* [\d.]+ % bounces of \d+ mails/),
  });
  await stack.accepted(['news-later']);
  expect(await paused()).toEqual([]);
});

test('DELETE /api/state forgets pauses and the mail that they were judged by', async () => {
  await sendList('offers');
  await expect.poll(paused, { timeout: 60_000, interval: 500 }).toEqual(['offers bounces']);
  await fetch(`${stack.url}/api/state`, { method: 'DELETE' });
  expect(await paused()).toEqual([]);

  await send('offers-later', 'offers');
  await stack.accepted(['offers-later']);
  // Some runs of the health check later.
  await wait(4_000);
  expect(await paused()).toEqual([]);
});

/** Sends a list with unknown mailboxes, as the mailbox simulator of SES has them. */
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
  const mail = { version: 1, id, class: name, from: 'a@example.com', to, subject: id, text: 'x' };
  await stack.sqs.send(
    new SendMessageCommand({ QueueUrl: stack.info.queues.outbound, MessageBody: JSON.stringify(mail) }),
  );
}

async function paused(): Promise<string[]> {
  const { out } = await run((argv, environment, terminal) => accountCommand(argv, environment, terminal), ['--json']);
  const { paused: classes } = JSON.parse(out) as { paused: { class: string; of: string }[] };
  return classes.map((one) => `${one.class} ${one.of}`);
}

async function raised(): Promise<string[]> {
  const alarms = (await (await fetch(`${stack.url}/api/alarms`)).json()) as { name: string; state: string }[];
  return alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name);
}

async function run(command: typeof operate, argv: readonly string[]) {
  const lines: string[] = [];
  const terminal = { out: (line: string) => void lines.push(line), err: (text: string) => void lines.push(text) };
  const code = await command(argv, { MAILOVER_PORT: new URL(stack.url).port }, terminal as never);
  return { code, out: lines.join('\n') };
}
