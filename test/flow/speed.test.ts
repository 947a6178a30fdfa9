import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { operate } from '../../cli/operate/command.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';
import { recordedTerminal } from '../support/recorded-terminal.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

let stack: OpenStack;

beforeAll(async () => {
  stack = await openStack({});
});

afterAll(async () => {
  await stack?.close();
});

it('waits that have begun in real time end sooner once time runs faster, and doubted recipients stay listed', async () => {
  // Postmark first accepts 50 recipients, and then refuses every recipient. After five refusals, the sender no longer trusts the
  // refusals of Postmark: Postmark is in doubt.
  for (let mail = 0; mail < 50; mail += 1) await send(`good-${mail}`, ['postmark']);
  await expect.poll(accepted, PATIENCE).toBe(50);
  await stack.api('PUT', '/api/providers/postmark/fault', { respond: { status: 422, body: JSON.stringify(INACTIVE) } });
  // Sends one mail after the other. If many mails are sent at the same time, all of them can be refused before a sender process
  // reads from the state table that Postmark is in doubt.
  let bad = 0;
  const sendBad = async () => {
    bad += 1;
    await send(`bad-${bad}`, ['postmark', 'mailgun']);
    return accepted();
  };
  await expect.poll(sendBad, { ...PATIENCE, interval: 400 }).toBeGreaterThan(50);
  await expect.poll(async () => (await accepted()) - 50 + (await doubted()), PATIENCE).toBe(bad);
  const listed = await doubted();
  expect(listed).toBeGreaterThan(0);

  // Prepares the state before time runs faster: a mail waits for a minute, an operator has isolated Postmark for an hour, and the
  // circuit of Mailgun is open.
  await stack.api('PUT', '/api/providers/mailgun/fault', { respond: { status: 500 } });
  await stack.api('PUT', '/api/console/providers/postmark/isolation');
  await send('waiting', ['mailgun']);
  await expect.poll(delayed, PATIENCE).toBe(1);
  await stack.api('DELETE', '/api/providers/mailgun/fault');
  await stack.api('DELETE', '/api/providers/postmark/fault');

  await stack.api('PUT', '/api/time', { scale: 600 });

  const begun = Date.now();
  await expect.poll(delayed, PATIENCE).toBe(0);
  await expect.poll(async () => (await accepts('waiting')).length, PATIENCE).toBe(1);
  await expect.poll(async () => (await circuit('postmark')).state, PATIENCE).not.toBe('isolated');
  // At the new speed, an hour passes in six seconds. At the old speed, the isolation alone would last for an hour.
  expect(Date.now() - begun).toBeLessThan(45_000);
  expect(await doubted()).toBe(listed);
});

const INACTIVE = {
  ErrorCode: 406,
  Message: 'You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: a@b.c.',
};

async function accepts(id: string): Promise<unknown[]> {
  return (await stack.api('GET', `/api/accepted?raw=false&id=${id}`)) as unknown[];
}

async function accepted(): Promise<number> {
  return ((await stack.api('GET', '/api/accepted?raw=false')) as unknown[]).length;
}

const delayed = () => stack.depth(/-retry-/);

async function circuit(key: string): Promise<{ state: string }> {
  const found = (await stack.circuits()).find(({ provider }) => provider === key);
  if (found === undefined) throw new Error(`no circuit of ${key}`);
  return found;
}

/** Returns the number of recipients of Postmark that the command `npm run doubted` lists. */
async function doubted(): Promise<number> {
  const { out, terminal } = recordedTerminal();
  const port = new URL(stack.stack.url).port;
  expect(await operate(['doubted'], { MAILOVER_PORT: port }, terminal)).toBe(0);
  return out.filter((line) => line.includes('  postmark  ')).length;
}

async function send(id: string, only: readonly string[]): Promise<void> {
  const to = [`ada@${id}.example.org`];
  const body = { version: 1, id, from: 'shop@example.com', to, text: 'Hello', providers: { only } };
  await stack.send([body]);
}
