import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type OpenStack, openStack } from '../support/open-stack.ts';

// This test runs a local stack at a few rates of healthy traffic. test/matrix/healthy.test.ts computes the alarms for more rates.
const TIME_SCALE = Number(process.env['MAILOVER_TIME_SCALE'] ?? 120);
/** The test sends further mails only while fewer mails than this number wait. Therefore a slow machine gets fewer mails. */
const MOST_WAITING = 60;
/** Two hours of the local stack, in milliseconds of real time. */
const LASTS_MS = (2 * 3_600_000) / TIME_SCALE;
const PATIENCE = { timeout: 60_000, interval: 200 };
vi.setConfig({ testTimeout: 2 * LASTS_MS + 120_000, hookTimeout: 90_000 });

let stack: OpenStack;
let overloaded = false;

beforeAll(async () => {
  stack = await openStack({
    timeScale: TIME_SCALE,
    app: 'test/flow/apps/rates.ts',
    onOverload: (is) => {
      overloaded ||= is;
    },
  });
});

afterAll(async () => {
  await stack?.close();
  if (overloaded) console.warn('this machine was overloaded meanwhile: alarms that depend on time were withheld');
});

it.each([
  ['a mail in ten minutes', 1, 600_000 / TIME_SCALE],
  ['fifty at once, each half hour', 50, 1_800_000 / TIME_SCALE],
  ['one in two real seconds', 1, 2_000],
  ['four times what the first provider may be offered', 4, 2_000],
])('two hours of healthy traffic raise no alarm: %s', async (_, size, everyMs) => {
  expect(await live(size, everyMs)).toEqual([]);
});

it('a provider that needs nine seconds raises Latency only, which ends', async () => {
  // Attempts take real time at any time scale. At 120 times real time, the stack would count a quarter of an hour in which a mail
  // is on its queue during such slow attempts.
  await stack.api('PUT', '/api/time', { scale: 60 });
  await stack.api('PUT', '/api/providers/postmark/fault', { delayMs: 9_000 });

  expect((await live(1, 3_000)).filter((name) => name !== 'Mailover/postmark/Latency')).toEqual([]);

  await stack.api('DELETE', '/api/providers/postmark/fault');
  await expect.poll(stack.raised, PATIENCE).toEqual([]);
});

/**
 * Sends `size` mails every `everyMs` milliseconds for two hours of the stack, and waits until all mail has gone out. Returns the
 * alarms that were raised until the last mails were sent.
 */
async function live(size: number, everyMs: number): Promise<string[]> {
  const seen = new Set<string>();
  const end = Date.now() + LASTS_MS;
  let due = Date.now();
  while (Date.now() < end) {
    if (Date.now() >= due) {
      if ((await waiting()) < MOST_WAITING) await send(size);
      due += everyMs;
    }
    for (const name of await stack.raised()) seen.add(name);
    await wait(Math.max(20, Math.min(200, due - Date.now())));
  }
  await expect.poll(waiting, PATIENCE).toBe(0);
  return [...seen];
}

const waiting = () => stack.depth(/-(outbound|retry-.*|dead-letter)$/);

let number = 0;

async function send(count: number): Promise<void> {
  await stack.send(
    Array.from({ length: count }, () => {
      number += 1;
      const to = [`a${number}@example.org`];
      return { version: 1, id: `mail-${number}`, from: 'shop@example.com', to, text: 'Hello' };
    }),
  );
}
