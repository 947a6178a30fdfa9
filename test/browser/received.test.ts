import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stack, startStack } from '../../local/stack.ts';
import { openBrowser, openPage, PICTURES } from './browser.ts';

const PATIENCE = { timeout: 60_000, interval: 250 };

let browser: Browser;
let stack: Stack;

beforeAll(async () => {
  browser = await openBrowser();
  stack = await startStack({ port: 0 });
});

afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

it.each([
  ['light', 1280],
  ['dark', 390],
] as const)('lists received mail and opens one, as text only, in %s colours at %i pixels', async (scheme, width) => {
  const { page, faults, close } = await openPage(browser, stack.url, { scheme, width });
  await page.getByText('No mail received yet').or(page.locator('#received tr').first()).waitFor();
  await receive('mailgun', `<img src=x onerror=alert(1)> ${scheme}`);
  const row = page.locator('#received tr', { hasText: `onerror=alert(1)> ${scheme}` }).first();
  await row.waitFor({ timeout: PATIENCE.timeout });
  const line = (await row.textContent()) ?? '';
  expect(line).toMatch(/mailgun, as (raw mail|fields of a request)/);
  for (const part of ['1 attachment', 'Grace <b>Hopper</b>', 'box@in.example.com']) expect(line).toContain(part);

  await row.getByRole('button').click();
  const dialog = page.getByRole('dialog', { name: `<img src=x onerror=alert(1)> ${scheme}` });
  await dialog.waitFor();
  const shown = (await dialog.textContent()) ?? '';
  for (const part of ['Grace <b>Hopper</b> <grace@example.org>', 'box@in.example.com', 'invoice.pdf', '<b>Hello</b>'])
    expect(shown).toContain(part);
  expect(await dialog.locator('img, b, iframe').count()).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  await page.screenshot({ path: `${PICTURES}/received-${width}-${scheme}.png` });
  await page.keyboard.press('Escape');

  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  expect(faults).toEqual([]);
  await close();
});

it('has pages of received mail', async () => {
  const { page, close } = await openPage(browser, stack.url);
  await receive('postmark', 'the oldest of these');
  for (let number = 1; number <= 25; number++) await receive('postmark', `letter ${number}`);
  const rows = page.locator('#received tr');
  await expect.poll(() => rows.filter({ hasText: 'letter' }).count(), PATIENCE).toBe(20);
  expect(await rows.filter({ hasText: 'the oldest of these' }).count()).toBe(0);

  await page.getByRole('button', { name: 'Older received' }).click();
  await rows.filter({ hasText: 'the oldest of these' }).waitFor({ timeout: PATIENCE.timeout });
  await page.getByRole('button', { name: 'Newest received' }).click();
  await expect.poll(() => rows.filter({ hasText: 'letter' }).count(), PATIENCE).toBe(20);
  await close();
});

let number = 0;

async function receive(provider: string, subject: string): Promise<void> {
  number += 1;
  const lines = [
    'From: "Grace <b>Hopper</b>" <grace@example.org>',
    'To: box@in.example.com',
    `Subject: ${subject}`,
    `Message-ID: <received-${number}@example.org>`,
    'Date: Sun, 29 Nov 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    '<b>Hello</b>',
    '--b',
    'Content-Type: application/pdf; name=invoice.pdf',
    'Content-Disposition: attachment; filename=invoice.pdf',
    'Content-Transfer-Encoding: base64',
    '',
    'JVBERg==',
    '--b--',
    '',
  ];
  const body = {
    raw: Buffer.from(lines.join('\r\n')).toString('base64'),
    from: 'grace@example.org',
    to: ['box@in.example.com'],
  };
  const response = await fetch(`${stack.url}/api/providers/${provider}/inbound`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(202);
}
