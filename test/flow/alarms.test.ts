import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

// At this time scale, a minute of the local stack lasts one second. test/lib/monitoring computes the alarms of every fault; this
// test runs some of the faults on a running local stack.
const TIME_SCALE = 60;
const PATIENCE = { timeout: 90_000, interval: 200 };
/** Number of waiting mails. With fewer waiting mails, a sensible alarm on the length of a queue is not raised. */
const WAITING = 10;
vi.setConfig({ testTimeout: 180_000, hookTimeout: 90_000 });

let stack: OpenStack;

beforeAll(async () => {
  stack = await openStack({ timeScale: TIME_SCALE });
});

afterEach(async () => {
  await stack.api('DELETE', '/api/providers/postmark/fault');
});

afterAll(async () => {
  await stack?.close();
});

it('one failure at low volume raises no alarm', async () => {
  await proven();
  await expect.poll(stack.raised, PATIENCE).toEqual([]);
  await stack.api('PUT', '/api/providers/postmark/fault', { respond: { status: 500 }, times: 1 });

  await send(1);
  await expect.poll(() => stack.hits('postmark'), PATIENCE).toBe(1);

  const seen = new Set<string>();
  // Watches the alarms for three of their periods. A period is five minutes long, so this takes 15 seconds at this time scale.
  for (const end = Date.now() + 15_000; Date.now() < end; await wait(200))
    for (const name of await stack.raised()) seen.add(name);
  expect([...seen]).toEqual([]);
});

it('a provider that fails under traffic raises its own alarms although hardly any mail waits, and the alarms end with the failure', async () => {
  await proven();
  await expect.poll(stack.raised, PATIENCE).toEqual([]);
  await stack.api('PUT', '/api/providers/postmark/fault', { respond: { status: 500 }, on: 'all' });
  let sent = 0;
  const traffic = setInterval(() => {
    sent += 3;
    void send(3).catch(() => {});
  }, 500);

  try {
    // Either of these two alarms may be raised: it depends on the number of mails that this machine sends in five minutes of the
    // local stack.
    const failing = expect.stringMatching(/^Mailover\/postmark\/Failure(Rate|Count)$/);
    await expect.poll(stack.raised, PATIENCE).toEqual(expect.arrayContaining(['Mailover/OneWayBroken', failing]));
    const others = (await stack.raised()).filter((name) => !/postmark|OneWayBroken|FailoverRate/.test(name));
    expect(others).toEqual([]);
    // Hardly any mail waits, so the lengths of the queues do not show the outage. It may take some time until fewer than
    // `WAITING` mails wait: on a busy machine, a slow answer of the state table or a lost answer of a provider delays a mail by a
    // minute.
    await expect.poll(() => stack.depth(/-retry-/), PATIENCE).toBeLessThan(WAITING);

    await stack.api('DELETE', '/api/providers/postmark/fault');
    await expect.poll(stack.raised, PATIENCE).toEqual([]);
  } finally {
    clearInterval(traffic);
  }
  await expect.poll(() => stack.depth(/-(outbound|retry-.*)$/), PATIENCE).toBe(0);
  expect(sent).toBeGreaterThan(0);
  expect(await stack.depth(/-dead-letter$/)).toBe(0);
});

/**
 * Waits until both providers have accepted mail. Before that, the result of the first mail alone decides whether a provider gets
 * more mail.
 */
async function proven(): Promise<void> {
  await expect
    .poll(
      async () => {
        await send(2, ['postmark']);
        await send(2, ['mailgun']);
        const circuits = await stack.circuits();
        const accepted = (await stack.api('GET', '/api/accepted?raw=false&limit=20')) as { provider: string }[];
        const takers = new Set(accepted.map(({ provider }) => provider));
        return circuits.every(({ state }) => state === 'closed') && takers.has('postmark') && takers.has('mailgun');
      },
      { ...PATIENCE, interval: 1_000 },
    )
    .toBe(true);
}

let number = 0;

async function send(count: number, only = ['postmark', 'mailgun']): Promise<void> {
  await stack.send(
    Array.from({ length: count }, () => {
      number += 1;
      return {
        version: 1,
        id: `alarm-${number}`,
        from: 'shop@example.com',
        to: ['ada@example.org'],
        text: 'Hello',
        providers: { only },
      };
    }),
  );
}
