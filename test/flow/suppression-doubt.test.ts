import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { mailBy } from '../support/mail-by.ts';
import { type OpenStack, openStack } from '../support/open-stack.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const MAILS = 120;
/**
 * Upper limit for the number of addresses that a provider adds to the suppression list in a day, before its bounces are no longer
 * trusted. The limit allows for some more entries by processes that count at the same time.
 */
const MOST_SUPPRESSED = 80;
vi.setConfig({ testTimeout: 180_000, hookTimeout: 90_000 });

let stack: OpenStack;

beforeAll(async () => {
  stack = await openStack({ timeScale: 60 });
});

afterAll(async () => {
  await stack?.close();
});

it('a provider that reports all mail as bounced is doubted: only its alarm is raised, and ends; its entries can be removed', async () => {
  await stack.send(mails('good', 'mailgun', (n) => `reader-${n}@example.net`));
  await expect.poll(() => stack.api('GET', '/api/suppressions'), PATIENCE).toEqual([]);

  await stack.send(mails('bad', 'postmark', (n) => `bounce+${n}@simulator.amazonses.com`));

  await expect.poll(stack.raised, PATIENCE).toContain('Mailover/postmark/SuppressionsDoubted');
  expect((await stack.raised()).filter((name) => /mailgun|ses|own-mta/.test(name))).toEqual([]);
  const suppressed = await listed();
  expect(suppressed).toBeGreaterThan(0);
  expect(suppressed).toBeLessThan(MOST_SUPPRESSED);
  await expect.poll(stack.raised, PATIENCE).toEqual([]);

  expect(
    await stack.api('POST', '/api/suppressions', { command: 'take-back', provider: 'postmark', since: 0 }),
  ).toBeDefined();

  await expect.poll(listed, PATIENCE).toBe(0);
});

async function listed(): Promise<number> {
  return ((await stack.api('GET', '/api/suppressions')) as unknown[]).length;
}

function mails(name: string, provider: string, to: (n: number) => string) {
  return Array.from({ length: MAILS }, (_, n) => mailBy(provider, `${name}-${n}`, to(n)));
}
